"""The private cluster: real servers in homes of their own, killed, filled up, locked and shared."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg2
import pytest

from geo_hygiene import cluster as cluster_module
from geo_hygiene.cluster import (
    BinariesMissingError,
    Cluster,
    ClusterInUseError,
    DiskFullError,
    HomeUnusableError,
    OtherVersionError,
    server,
    system,
)

AS_ROOT = os.geteuid() == 0
CAN_MOUNT = AS_ROOT and subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode == 0

HOLD = """
import sys, time
from pathlib import Path
from geo_hygiene.cluster import Cluster
with Cluster(Path(sys.argv[1])).lease():
    print("holding", flush=True)
    sys.stdin.read()
"""


def new_home(parent: Path | None = None) -> Path:
    """Return an empty folder that the server's user can enter, unlike the folders of pytest."""
    home = Path(tempfile.mkdtemp(prefix="gh-", dir=parent))
    home.chmod(0o755)
    return home


def remove(home: Path) -> None:
    place = Cluster(home).folder
    shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def home() -> Iterator[Path]:
    folder = new_home()
    yield folder
    remove(folder)


@pytest.fixture(scope="module")
def made_home() -> Iterator[Path]:
    """Return a home whose cluster was made; each test leaves it stopped."""
    folder = new_home()
    with Cluster(folder).lease():
        pass
    yield folder
    remove(folder)


@pytest.fixture
def stopped(made_home: Path) -> Iterator[Cluster]:
    cluster = Cluster(made_home)
    assert cluster.status().pid is None
    yield cluster
    cluster.stop()


@pytest.fixture
def hold() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Return a function that starts a process which uses a home's cluster until its input ends."""
    started: list[subprocess.Popen[str]] = []

    def holding(home: Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield holding
    for process in started:
        process.kill()
        process.communicate()


def wait_until_holding(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "holding\n"


def ask(cluster: Cluster, question: str, role: str = "owner") -> list[tuple[object, ...]]:
    url = cluster.superuser_url() if role == "superuser" else cluster.url("owner" if role == "owner" else "service")
    connection = psycopg2.connect(url.replace("postgresql+psycopg2", "postgresql"))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(question)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def processes_of(cluster: Cluster) -> list[int]:
    """Return the server's processes, found by its data folder as their working folder or argument."""
    data = str(cluster.folder / "data")
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                works_in = str((process / "cwd").readlink())
            except OSError:
                continue
            if works_in == data:
                found.append(int(process.name))
    return found


def test_the_first_lease_makes_the_cluster_and_the_last_stops_it(home: Path) -> None:
    cluster = Cluster(home)
    assert not cluster.status().exists
    with cluster.lease():
        assert cluster.status().pid
        assert cluster.status().in_use
        with Cluster(home).lease():
            pass
        assert ask(cluster, "select 1", "service") == [(1,)]
    assert cluster.status().exists
    assert cluster.status().pid is None
    assert not cluster.status().in_use
    assert processes_of(cluster) == []


def test_what_is_acknowledged_is_durable_and_no_port_is_open(stopped: Cluster) -> None:
    names = ("fsync", "full_page_writes", "synchronous_commit", "data_checksums", "listen_addresses", "TimeZone", "jit")
    with stopped.lease():
        settings = {name: ask(stopped, f"show {name}")[0][0] for name in names}
        locale = ask(
            stopped, "select datcollate, pg_encoding_to_char(encoding) from pg_database where datname = 'geo_hygiene'"
        )
        rules = ask(stopped, "select type, auth_method from pg_hba_file_rules", "superuser")
    assert settings == {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "listen_addresses": "",
        "TimeZone": "UTC",
        "jit": "off",
    }
    assert locale == [("C.UTF-8", "UTF8")]
    assert rules == [("local", "peer")]


def test_the_owner_may_change_the_schema_and_the_service_may_not(stopped: Cluster) -> None:
    with stopped.lease():
        assert ask(stopped, "select postgis_lib_version() >= '3.3'") == [(True,)]
        assert ask(
            stopped, "select rolsuper or rolcreatedb or rolcreaterole from pg_roles where rolname ~ '^geo_'"
        ) == [
            (False,),
            (False,),
        ]
        ask(stopped, "create table owned (id int)")
        ask(stopped, "drop table owned")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            ask(stopped, "create table intruder (id int)", "service")


def test_start_keeps_the_server_until_stop(stopped: Cluster) -> None:
    stopped.start()
    with stopped.lease():
        pass
    assert stopped.status().pid
    stopped.stop()
    assert stopped.status().pid is None
    with stopped.lease():
        pass
    assert stopped.status().pid is None


def test_a_server_in_use_is_not_stopped(stopped: Cluster) -> None:
    with stopped.lease():
        with pytest.raises(ClusterInUseError, match="is in use"):
            stopped.stop()
        assert ask(stopped, "select 1") == [(1,)]


def test_asking_whether_a_server_is_used_is_no_use(stopped: Cluster) -> None:
    answers = set()

    def ask() -> None:
        answers.update(stopped._is_in_use() for _ in range(3000))

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert answers == {False}


def test_a_killed_holder_does_not_keep_the_server(
    stopped: Cluster, hold: Callable[[Path], subprocess.Popen[str]]
) -> None:
    holder = hold(stopped.home)
    wait_until_holding(holder)
    assert stopped.status().in_use
    holder.kill()
    holder.wait()
    assert stopped.status().pid  # nobody was left to stop it
    assert not stopped.status().in_use
    with stopped.lease():
        pass
    assert stopped.status().pid is None


def test_of_two_first_starts_one_waits_for_the_other(home: Path, hold: Callable[[Path], subprocess.Popen[str]]) -> None:
    holders = [hold(home), hold(home)]
    for holder in holders:
        wait_until_holding(holder)
    assert ask(Cluster(home), "select count(*) from pg_roles where rolname ~ '^geo_hygiene_'") == [(2,)]
    for holder in holders:
        assert Cluster(home).status().pid
        holder.communicate()
        assert holder.returncode == 0
    assert Cluster(home).status().pid is None


def test_nothing_acknowledged_is_lost_when_every_process_is_killed(stopped: Cluster) -> None:
    with stopped.lease():
        ask(stopped, "create table if not exists kept_row (id int)")
        ask(stopped, "insert into kept_row values (1)")
        while processes := processes_of(stopped):
            for process in processes:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        assert stopped.revive()
        assert ask(stopped, "select count(*) from kept_row") == [(1,)]
        assert not stopped.revive()


def test_a_server_that_has_no_command_line_yet_is_waited_for(stopped: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    command_line = server._command_line
    seen: set[int] = set()

    def empty_at_first(pid: int) -> bytes:
        first = pid not in seen
        seen.add(pid)
        return b"" if first else command_line(pid)

    with monkeypatch.context() as patched:
        patched.setattr(server, "_command_line", empty_at_first)
        stopped.start()
    assert ask(stopped, "select 1") == [(1,)]


@pytest.fixture
def busy(stopped: Cluster) -> Iterator[Callable[[], None]]:
    """Return a function that makes the server compute something that does not end."""
    clients: list[subprocess.Popen[bytes]] = []
    series = "generate_series(1, 1000000)"

    def compute() -> None:
        url = stopped.url().replace("+psycopg2", "")
        query = f"select count(*) from {series} a, {series} b"
        clients.append(subprocess.Popen(["psql", url, "-c", query], stderr=subprocess.DEVNULL))
        active = f"select 1 from pg_stat_activity where state = 'active' and query = '{query}'"
        while not ask(stopped, active, "superuser"):
            time.sleep(0.01)

    yield compute
    for client in clients:
        client.kill()
        client.wait()


def test_orphans_of_a_killed_server_do_not_hinder_the_next(stopped: Cluster, busy: Callable[[], None]) -> None:
    with stopped.lease():
        busy()
        server_process = stopped.status().pid
        assert server_process
        os.kill(server_process, signal.SIGKILL)
        while stopped.status().pid:
            time.sleep(0.01)
        # Busy with computing, the client's process did not notice.
        assert processes_of(stopped)
        assert stopped.revive()
        assert ask(stopped, "select 1") == [(1,)]


def test_a_stale_process_file_does_not_hinder_a_start(stopped: Cluster) -> None:
    data = stopped.folder / "data"
    told = [str(os.getpid()), str(data), "1", "5432", "", "", "", "ready"]
    (data / "postmaster.pid").write_text("\n".join(told))
    assert stopped.status().pid is None
    with stopped.lease():
        assert ask(stopped, "select 1") == [(1,)]


def test_a_start_killed_while_the_cluster_is_made_leaves_nothing_half_made(
    home: Path, hold: Callable[[Path], subprocess.Popen[str]]
) -> None:
    first = hold(home)
    folder = Cluster(home).folder
    while not list(folder.glob("data.new-*/base")):
        time.sleep(0.001)
    first.kill()
    first.wait()
    assert not Cluster(home).status().exists
    with Cluster(home).lease():
        assert ask(Cluster(home), "select 1") == [(1,)]


def test_a_home_with_a_long_chinese_name_gets_a_short_socket_path(home: Path) -> None:
    deep = home / "街道办事处 'a\"$(b)'" / ("长" * 60)
    deep.mkdir(parents=True)
    cluster = Cluster(deep)
    with cluster.lease():
        assert ask(cluster, "select 1", "service") == [(1,)]
        socket_folder = Path(cluster.url().split("host=")[1].split("&")[0])
        assert len(os.fsencode(socket_folder / server.SOCKET)) <= server.LONGEST_SOCKET_PATH
        assert socket_folder.stat().st_mode & 0o077 == 0
    assert not socket_folder.exists()


def test_a_socket_folder_that_somebody_else_made_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LONGEST_SOCKET_PATH", 10)
    cluster = Cluster(home)
    socket_folder = Path(cluster.url().split("host=")[1].split("&")[0])
    socket_folder.mkdir()
    socket_folder.chmod(0o777)
    try:
        with pytest.raises(HomeUnusableError, match="must be a folder that belongs to"):
            cluster.start()
    finally:
        socket_folder.rmdir()


def test_a_data_folder_of_another_version_is_named(stopped: Cluster) -> None:
    version = stopped.folder / "data" / "PG_VERSION"
    found = version.read_text()
    version.write_text("14\n")
    try:
        with pytest.raises(OtherVersionError, match=r"made by PostgreSQL 14.*install postgresql-14-postgis-3"):
            stopped.start()
    finally:
        version.write_text(found)


def test_absent_binaries_are_named_with_the_command_that_installs_them(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "PROGRAMS", home / "none")
    monkeypatch.setenv("PATH", str(home))
    with pytest.raises(BinariesMissingError, match="sudo apt-get install postgresql postgresql-postgis"):
        Cluster(home).start()


def test_a_home_that_can_not_be_written_is_named(home: Path) -> None:
    (home / "file").touch()
    with pytest.raises(HomeUnusableError, match=r"file/home can not be written \(Not a directory\)"):
        Cluster(home / "file" / "home").start()
    with pytest.raises(HomeUnusableError, match="/proc/home can not be written"):
        Cluster(Path("/proc/home")).start()


def test_a_home_of_another_user_is_named(stopped: Cluster) -> None:
    stranger = system.ServerUser("stranger", 4_000_000_000, 4_000_000_000)
    stopped._user = stranger
    with pytest.raises(HomeUnusableError, match=r"belongs to the user \S+, not to stranger: run this command as"):
        stopped._check_folder()
    stopped._user = system.ServerUser.find()


def test_too_little_space_for_a_new_cluster_is_told_before_anything_is_made(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SMALLEST_FREE_SPACE", 10**18)
    with pytest.raises(DiskFullError, match="is full: free some space"):
        Cluster(home).start()
    assert not Cluster(home).status().exists


FILL_UP = """
import sys
from pathlib import Path
from geo_hygiene.cluster import Cluster, DiskFullError
cluster = Cluster(Path(sys.argv[1]))
with cluster.lease():
    pass
filler = Path(sys.argv[1], "filler")
try:
    with filler.open("wb") as lines:
        while True:
            lines.write(bytes(1 << 20))
except OSError:
    pass
try:
    cluster.start()
except DiskFullError as error:
    print(error)
print(cluster.status().pid)
filler.unlink()
with cluster.lease():
    print("runs again")
"""


@pytest.mark.skipif(not CAN_MOUNT, reason="this system lets nobody mount a small disk")
def test_a_full_disk_is_told_and_heals_with_space(home: Path) -> None:
    mounted = 'mount -t tmpfs -o size=260m,mode=755 small "$1" && exec "$0" -c "$2" "$1"'
    told = subprocess.run(
        ["unshare", "--mount", "sh", "-c", mounted, sys.executable, str(home), FILL_UP],
        capture_output=True,
        text=True,
        check=True,
    )
    sentence, pid, healed = told.stdout.splitlines()
    assert "is full: free some space" in sentence
    assert pid == "None"
    assert healed == "runs again"


@pytest.mark.skipif(not AS_ROOT, reason="another user is the server's only when root runs the program")
def test_roots_cluster_moves_where_the_servers_user_can_enter(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "SHARED_FOLDER", home / "shared")
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    cluster = Cluster(closed)
    with cluster.lease():
        assert ask(cluster, "select 1", "service") == [(1,)]
    assert cluster.folder.parent == home / "shared"
    assert Cluster(closed).folder == cluster.folder


@pytest.mark.skipif(not AS_ROOT, reason="another user is the server's only when root runs the program")
def test_a_folder_that_was_closed_to_the_servers_user_is_named(stopped: Cluster) -> None:
    stopped.home.chmod(0o700)
    try:
        with pytest.raises(HomeUnusableError, match="The user postgres, as whom the database runs, can not enter"):
            stopped.start()
    finally:
        stopped.home.chmod(0o755)


@pytest.mark.skipif(not AS_ROOT, reason="only root can become another user")
def test_an_ordinary_user_runs_the_server_itself(home: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    child = os.fork()
    if child == 0:  # as nobody, who can not read this interpreter's folder: everything needed is imported already
        code = 1
        try:
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
            cluster = Cluster(home)
            with cluster.lease():
                assert ask(cluster, "select 1", "service") == [(1,)]
                assert Path(f"/proc/{cluster.status().pid}").stat().st_uid == nobody.pw_uid
            home.chmod(0o500)
            with pytest.raises(HomeUnusableError, match="can not be written"):
                Cluster(home / "another").start()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    with pytest.raises(HomeUnusableError, match="belongs to the user nobody, not to postgres"):
        Cluster(home).start()
