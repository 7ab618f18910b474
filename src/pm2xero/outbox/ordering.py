"""One order of texts in every database: that of their characters, as Python has it.

A server sorts by the language of its database, in which "b" stands before "C".
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class by_characters(FunctionElement[str]):  # is read as a function
    """A column of text, to be sorted by."""

    inherit_cache = True


@compiles(by_characters)
def _plain(element: by_characters, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(by_characters, "postgresql")
def _of_a_server(element: by_characters, compiler: SQLCompiler, **options: Any) -> str:
    return f'({compiler.process(element.clauses, **options)}) COLLATE "C"'
