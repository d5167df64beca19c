"""The tables in docs/ are what their tools write."""

from __future__ import annotations

import error_page
import op_table


def test_the_table_of_ops_is_up_to_date():
    assert op_table.PAGE.read_text("utf-8") == op_table.text(), "run: python tools/op_table.py"


def test_the_table_of_errors_is_up_to_date():
    text = error_page.PAGE.read_text("utf-8")
    assert text == error_page.text(), "run: python tools/error_page.py"
