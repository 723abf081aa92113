"""The sessions that people, `make` and CI run alike. Alone, nox makes an environment from the lock file for each."""

import os

import nox

nox.options.default_venv_backend = "uv|venv"
nox.options.sessions = ["lint", "tests"]

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def _install(session: nox.Session) -> None:
    # With --no-install the environment is the caller's, which `make` has filled from the same lock file.
    session.install("--require-hashes", "-r", "requirements/dev.txt")
    session.install("--no-deps", "--no-build-isolation", "-e", ".")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types, layers and the contents of the wheel."""
    _install(session)
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("mypy")
    session.run("lint-imports")
    session.run("deptry", ".")
    session.run("python", "docs/make.py", "--check")
    site = session.create_tmp()
    session.run("mkdocs", "build", "--quiet", "--site-dir", site, env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """All tests but the slow ones; words after -- go to pytest."""
    _install(session)
    session.run(
        "python",
        "-m",
        "pytest",
        *(session.posargs or ["-m", "not slow", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]),
    )


@nox.session
def coverage(session: nox.Session) -> None:
    """The tests with branch coverage, child processes included."""
    _install(session)
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *session.posargs)
    session.run("coverage", "combine")
    session.run("coverage", "report")


@nox.session
def quality(session: nox.Session) -> None:
    """Measure the reading of our pages and those of NEWSARCHIVE_EVAL, and the ranking of search results, as a table.

    With ABLATE=1 in the environment, also what each rule of reading contributes, which takes more than an hour.
    """
    _install(session)
    pages = ("tests/quality", "tests/unit/extract/test_page_fixtures.py")
    session.run("python", "-m", "pytest", "-q", *pages, *session.posargs)
    if os.environ.get("ABLATE"):
        session.run("python", "-m", "tests.quality.ablation")


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel and the sdist, and look into the wheel."""
    _install(session)
    session.run("python", "-m", "build", "--no-isolation", "--outdir", "dist", ".")
    session.run("check-wheel-contents", "dist")
