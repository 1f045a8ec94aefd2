"""Records are whole: measured rightly, within their targets, and every reference leads somewhere."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import inspect, text

from geo_hygiene.accounts.audit import BROKEN_SEALS
from geo_hygiene.database import Base, current_revision, head_revision
from geo_hygiene.i18n import N_, _
from geo_hygiene.layers import LAYERS
from geo_hygiene.records.claims import Claim
from geo_hygiene.records.targets import Target
from geo_hygiene.upkeep.checks.check import Check, Difference, Ground, each, rows
from geo_hygiene.upkeep.tables import sequences_of, tables_of
from geo_hygiene.zoning.work_rules import overlapping, rules_of

RESTORE = N_(
    "Something else than this program changed the database, or the disk did. Restore the newest backup into a new home "
    "(`geo-hygiene db restore FILE --home DIR`), and go on there when its check is good."
)

LENGTHS = """
select
    kind || ' ' || uuid as place,
    format('%s m, measured %s m', extent_mm / 1000.0, round(ST_M(ST_EndPoint(geom))::numeric, 3)) as found,
    format('%s m', round(ST_Length(geom::geography)::numeric, 3)) as expected
from target
where GeometryType(geom) = 'LINESTRINGM' and (
    ST_M(ST_StartPoint(geom)) <> 0
    or round(ST_M(ST_EndPoint(geom)) * 1000) <> extent_mm
    or not ST_IsValidTrajectory(geom)
    or abs(ST_Length(geom::geography) * 1000 - extent_mm) > 2
)
union all
select kind || ' ' || uuid, extent_mm::text, '1' from target where GeometryType(geom) = 'POINTM' and extent_mm <> 1
"""

POSITIONS = """
select
    target.kind || ' ' || target.uuid as place,
    format('%s – %s mm (%s)', from_mm, to_mm, origin) as found,
    format('0 – %s mm', extent_mm) as expected
from (
    select target_id, from_mm, to_mm, 'cover' as origin from cover
    union all select target_id, from_mm, to_mm, 'list' from claim_stretch
    union all select target_id, from_mm, to_mm, 'not handed down' from unprojected_stretch
) as stretch
join target on target.id = stretch.target_id
where from_mm < 0 or to_mm <= from_mm or to_mm > extent_mm
"""

UNKNOWN_PARTS = """
select 'ledger · ' || ledger.id as place, 'duty ' || duty_id || ', area ' || coalesce(area_id::text, '–') as found,
    null as expected
from ledger
where not exists (select from duty where duty.id = duty_id)
    or area_id is not null and not exists (select from area where area.id = area_id)
union all
select 'state · ' || target_id, 'duty ' || duty_id, null
from (select distinct on (duty_id) duty_id, target_id from state) as answer
where not exists (select from duty where duty.id = duty_id)
union all
select 'scope ' || scope.id, 'area ' || named.id, null
from scope cross join unnest(scope.area_ids) as named (id)
where not exists (select from area where area.id = named.id)
union all
select 'scope ' || scope.id, scope.valid_from || ' – ' || scope.valid_to, null
from scope join scope as other on other.duty_id = scope.duty_id and other.id < scope.id
where scope.valid_from < other.valid_to and other.valid_from < scope.valid_to
"""

UNCHECKED = """
select conrelid::regclass || ' · ' || conname as place, 'not validated' as found, null as expected
from pg_constraint where not convalidated and connamespace = 'public'::regnamespace
union all
select indrelid::regclass || ' · ' || indexrelid::regclass, 'not valid', null
from pg_index join pg_class on pg_class.oid = indexrelid
where relnamespace = 'public'::regnamespace and not (indisvalid and indisready and indislive)
union all
select tgrelid::regclass || ' · ' || tgname, 'switched off', null
from pg_trigger join pg_class on pg_class.oid = tgrelid
where relnamespace = 'public'::regnamespace and tgenabled = 'D'
"""

CONSTRAINTS = """
select conrelid::regclass::text as table, conname as name, pg_get_expr(conbin, conrelid) as rule
from pg_constraint where contype = 'c' and connamespace = 'public'::regnamespace and conrelid <> 0
order by 1, 2
"""

REFERENCES = """
select
    conrelid::regclass::text as table, conname as name, confrelid::regclass::text as referred,
    (
        select string_agg(format('one.%I = other.%I', mine.attname, theirs.attname), ' and ')
        from unnest(conkey, confkey) as pair (mine, theirs)
        join pg_attribute as mine on mine.attrelid = conrelid and mine.attnum = pair.mine
        join pg_attribute as theirs on theirs.attrelid = confrelid and theirs.attnum = pair.theirs
    ) as meets,
    (
        select string_agg(format('one.%I is not null', mine.attname), ' and ')
        from unnest(conkey) as own (attnum)
        join pg_attribute as mine on mine.attrelid = conrelid and mine.attnum = own.attnum
    ) as given
from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace
order by 1, 2
"""

VERSIONS = """
select 'duty:' || duty.code as place, '–' as found, null as expected
from duty
where exists (select from state where state.duty_id = duty.id)
    and not exists (select from data_version where subject = 'duty:' || duty.code)
union all
select subject, version::text, null from data_version where version < 1
"""


def _kinds() -> str:
    """Return the statement for targets and claims whose own part is missing, or is another kind's."""
    parts = []
    for layer in LAYERS.values():
        table = layer.model.__tablename__
        for base in (Target, Claim):
            if issubclass(layer.model, base) and layer.model is not base:
                shared = base.__tablename__
                parts.append(
                    f"select '{table} · ' || coalesce(own.id, shared.id) as place,"  # noqa: S608 - constants
                    " coalesce(shared.kind, '–') as found, "
                    f"'{layer.key}' as expected from {table} as own"
                    f" full join (select id, kind from {shared} where kind = '{layer.key}') as shared using (id)"
                    " where own.id is null or shared.id is null"
                )
    return " union all ".join(parts)


def _periods() -> str:
    """Return the statement for records whose period ends before it begins."""
    return " union all ".join(
        f"select '{name} · ' || valid_from || ' – ' || valid_to as place, null as found, null as expected"  # noqa: S608
        f" from {name} where valid_from >= valid_to"
        for name, table in sorted(Base.metadata.tables.items())
        if {"valid_from", "valid_to"} <= set(table.columns.keys())
    )


def _imports() -> str:
    """Return the statement for records that name an import which is not there."""
    return " union all ".join(
        f"select '{name} · ' || import_id as place, count(*)::text as found, '0' as expected from {name}"  # noqa: S608
        f" where import_id is not null and not exists (select from import_run where import_run.id = import_id)"
        f" group by import_id"
        for name, table in sorted(Base.metadata.tables.items())
        if "import_id" in table.columns
    )


def _schema(ground: Ground) -> Iterator[Difference]:
    """Yield tables and columns that the program needs and the database lacks."""
    revision = current_revision(ground.connection)
    if revision != head_revision():
        yield Difference(_("schema"), revision, head_revision())
    found = inspect(ground.connection)
    names = set(found.get_table_names("public"))
    for name, table in sorted(Base.metadata.tables.items()):
        if name not in names:
            yield Difference(name, _("missing"))
            continue
        columns = {column["name"] for column in found.get_columns(name, "public")}
        for column in table.columns:
            if column.name not in columns:
                yield Difference(f"{name}.{column.name}", _("missing"))


def foreign_tables(ground: Ground) -> Iterator[Difference]:
    """Yield tables that somebody else made; a backup leaves them out."""
    for table in tables_of(ground.connection):
        if table.name not in Base.metadata.tables:
            yield Difference(table.name)


def _rules(ground: Ground) -> Iterator[Difference]:
    """Yield the rules that records break, with how many do: those of one record, and references to another."""
    for rule in ground.connection.execute(text(CONSTRAINTS)).all():
        broken = f"select count(*) from {rule.table} where not ({rule.rule})"  # noqa: S608 - of the catalogue
        yield from _broken(ground, rule.table, rule.name, broken)
    for reference in ground.connection.execute(text(REFERENCES)).all():
        broken = (
            f"select count(*) from {reference.table} as one where {reference.given} and not exists"  # noqa: S608
            f" (select from {reference.referred} as other where {reference.meets})"
        )
        yield from _broken(ground, reference.table, reference.name, broken)


def _broken(ground: Ground, table: str, name: str, statement: str) -> Iterator[Difference]:
    count = ground.connection.exec_driver_sql(statement.replace("%", "%%")).scalar_one()
    if count:
        yield Difference(f"{table} · {name}", str(count), "0")


def _sequences(ground: Ground) -> Iterator[Difference]:
    """Yield sequences whose next number a record has already."""
    for name, (last, is_called) in sequences_of(ground.connection, tables_of(ground.connection)).items():
        table, column = name.split(".")
        if table not in Base.metadata.tables or Base.metadata.tables[table].columns[column].identity is None:
            continue  # its numbers are given by hand
        highest = ground.connection.exec_driver_sql(f'select max("{column}") from "{table}"').scalar_one()  # noqa: S608
        if highest is not None and highest >= last + is_called:
            yield Difference(name, str(last), f"≥ {highest}")


def _work_rules(ground: Ground) -> Iterator[Difference]:
    """Yield rules of the work model of which nothing tells which one holds."""
    rules = {rule.id: rule.as_json() for rule in rules_of(ground.connection)}
    for one, other in overlapping(ground.connection):
        told, beside = rules[one], rules[other]
        yield Difference(
            " ".join(filter(None, (told["kind"], told["category"], told["zone_class"]))), told["id"], beside["id"]
        )


CHECKS = (
    Check(
        "schema",
        N_("The tables are those of this version of the program"),
        N_("Run `geo-hygiene db start`, which brings them to this version; what it can not mend, a restore does."),
        each(_schema),
    ),
    Check(
        "lengths",
        N_("Each lane and drain is as long as its line on the ground, to 2 mm"),
        RESTORE,
        rows(LENGTHS),
    ),
    Check("positions", N_("Stretches lie within their lanes and drains"), RESTORE, rows(POSITIONS)),
    Check("periods", N_("Periods end after they begin"), RESTORE, rows(_periods())),
    Check("kinds", N_("Each target and each claim has the record of its layer"), RESTORE, rows(_kinds())),
    Check("references", N_("Sums and scopes name duties and areas that are there"), RESTORE, rows(UNKNOWN_PARTS)),
    Check("imports", N_("The import that brought a record is in the history"), RESTORE, rows(_imports())),
    Check(
        "work-rules",
        N_("No two rules of the work model say two things of the same work"),
        N_("End one of them on the page /work-model, on the day on which the other begins."),
        each(_work_rules),
    ),
    Check("rules", N_("The rules and indexes of the tables are in force"), RESTORE, rows(UNCHECKED)),
    Check("numbers", N_("The next record gets a number that is free"), RESTORE, each(_sequences)),
    Check(
        "versions",
        N_("Maps in browsers notice every change"),
        N_("Run `geo-hygiene cover rebuild`, and reload the map."),
        rows(VERSIONS),
    ),
    Check(
        "audit",
        N_("No entry of the audit was changed or taken away"),
        N_("Somebody with the owner's rights did: compare with the last backup, and change who may sign in there."),
        rows(BROKEN_SEALS),
    ),
    Check(
        "rules-kept",
        N_("Every record keeps the rules of its table, and what it refers to is there"),
        RESTORE,
        each(_rules),
        is_thorough=True,
    ),
    Check(
        "foreign-tables",
        N_("The database holds this program's tables only"),
        N_("A backup leaves other tables out: keep them in a database of their own."),
        each(foreign_tables),
        is_warning=True,
    ),
)
