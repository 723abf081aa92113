"""Declaration of tables as classes: the columns are attributes, typed by their annotations.

SQLAlchemy's own classes of this kind configure a mapper each, for which every command would wait.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from types import NoneType
from typing import Any, ClassVar, get_args

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine


def format_utc(value: datetime | None) -> str | None:
    """Return a time as SQLite stores it: text that sorts, with a fraction of a second only if there is one."""
    return None if value is None else value.astimezone(UTC).isoformat(" ").removesuffix("+00:00")


def _parse_time(value: str | None) -> datetime | None:
    if value is None:
        return None
    time = datetime.fromisoformat(value)
    # A value that was set by hand may be a date alone, or have an offset.
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime: timestamptz in PostgreSQL, UTC text that sorts in SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """Convert to what the driver takes. SQLAlchemy's own conversion for SQLite takes twice as long."""
        return format_utc if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Convert to an aware datetime in UTC."""
        return _parse_time if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert what the PostgreSQL driver returns to UTC."""
        del dialect
        return value and value.astimezone(UTC)


_TYPES: dict[Any, TypeEngine[Any]] = {
    # PostgreSQL must sort and compare by code point, as SQLite and Python do, whatever the database's locale.
    str: sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
    datetime: UtcDateTime(),
    bytes: sa.LargeBinary(),
    dict[str, Any]: sa.JSON().with_variant(JSONB(), "postgresql"),
    int: sa.Integer(),
    bool: sa.Boolean(),
    float: sa.Double(),
}


class Base:
    """Root of the tables. The attributes of a class are the columns, its docstring is the comment in the database.

    `key` names the columns of a primary key other than `id`, `unique` those whose values together are unique.
    """

    __table__: ClassVar[sa.Table]
    metadata: ClassVar = sa.MetaData(
        naming_convention={
            **{kind: f"{kind}_%(table_name)s_%(column_0_N_name)s" for kind in ("uq", "fk")},
            "pk": "pk_%(table_name)s",
        }
    )

    def __init_subclass__(cls, *, table: str, key: str = "", unique: str = "") -> None:
        columns = [_name_column(getattr(cls, name, None), name, kind) for name, kind in cls.__annotations__.items()]
        keys: list[sa.Constraint] = [sa.PrimaryKeyConstraint(*key.split())] if key else []
        keys += [sa.UniqueConstraint(*unique.split())] if unique else []
        comment = (cls.__doc__ or "").removesuffix(".")
        cls.__table__ = sa.Table(table, cls.metadata, *columns, *keys, comment=comment)
        for column in columns:
            setattr(cls, column.name, column)

    @classmethod
    def __clause_element__(cls) -> sa.Table:
        """Return what stands for the class in a statement."""
        return cls.__table__


def _name_column(column: sa.Column[Any] | None, name: str, annotation: Any) -> sa.Column[Any]:
    """Return a column with its name, and the type and nullability of its annotation; a foreign key has its target's."""
    column = sa.Column() if column is None else column
    (kind,) = get_args(annotation)
    column.name = column.key = name
    column.nullable = NoneType in get_args(kind)
    if isinstance(column.type, sa.types.NullType) and not column.foreign_keys:
        column.type = _TYPES[get_args(kind)[0] if column.nullable else kind]
    return column
