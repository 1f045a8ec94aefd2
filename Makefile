# make run         everything that a new machine needs, then the map on http://127.0.0.1:8080 until Ctrl-C
# make run ARGS=…  the same with options of `geo-hygiene up`, such as ARGS="--port 8081 --no-sample"
# make test        everything that the tests need, `make check`, then the tests
# make check       style, types, floors of the house, drift of the schema, translations
# make bench       what everything costs, into docs/benchmarks.md; ARGS="cover web" measures these groups only
# make faults      made files, killed processes and broken ground by the thousand, into docs/faults.md; takes hours
# make faults ARGS=…  some of it, such as ARGS="files web --files 5000"; with "--seed 7 --add" the run is added to others
# make docs        the tables of the documents from the code, after a change of layers, columns, findings or tables
# make bad-files   what an import answers to bad files and to real ones, into docs/bad-files.md; ARGS="made" tries these only
# make source-figures  the figures of the source report beside those of the sample's year, into docs/source-figures.md
# make screenshots the pictures of the documents from the running sample town
# make messages    the messages of the code and the templates into the translations, for a person to translate
# make lock        the locks anew from pyproject.toml and package.json
.PHONY: run set-up set-up-tests check check-types check-style check-floors check-schema check-translations test bench faults
.PHONY: docs bad-files source-figures screenshots messages lock

run: set-up
	@exec .venv/bin/geo-hygiene up $(ARGS)

set-up:
	@sh setup/install.sh

set-up-tests:
	@sh setup/install.sh test

check: set-up-tests
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-types check-style check-floors check-schema check-translations

check-types:
	.venv/bin/mypy

check-style:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

check-floors:
	.venv/bin/lint-imports

check-schema:
	.venv/bin/python setup/check_schema.py

check-translations:
	.venv/bin/python setup/check_translations.py

test: check
	.venv/bin/pytest

bench: set-up-tests
	.venv/bin/python -m bench $(ARGS)

faults: set-up-tests
	.venv/bin/python -m faults $(ARGS)

docs: set-up-tests
	.venv/bin/python docs/write_tables.py

bad-files: set-up-tests
	.venv/bin/python -m docs.write_bad_files $(ARGS)

source-figures: set-up-tests
	.venv/bin/python -m docs.write_source_figures

screenshots: set-up-tests
	.venv/bin/python -m docs.take_screenshots

messages: set-up
	.venv/bin/python setup/update_messages.py

lock:
	sh setup/lock.sh
