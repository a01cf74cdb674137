# SPDX-License-Identifier: BSD-3-Clause
"""What a call did: named numbers, series and texts."""
from __future__ import annotations

from typing import Dict, Iterator, Mapping, Union

import ctypes

import numpy as np

from . import _declarations as c
from ._context import Context, ReportHandle
from ._library import lib


class Report(Mapping[str, Union[float, str, np.ndarray]]):
    """Entries by name, in the order in which the call made them: float, 1-d float64 array, or str.

    The page of each C function (`man grasp_train`) says what its report holds.
    """

    def __init__(self, entries: Mapping[str, Union[float, str, np.ndarray]]) -> None:
        self._entries = dict(entries)

    @classmethod
    def _read(cls, context: Context, handle: ReportHandle) -> "Report":
        entries: Dict[str, Union[float, str, np.ndarray]] = {}
        for i in range(lib.grasp_report_count(handle)):
            name = lib.grasp_report_name(handle, i)
            kind = lib.grasp_report_kind(handle, i)
            if kind == c.GRASP_REPORT_VALUE:
                value = ctypes.c_double()
                context.call("grasp_report_value", handle, name, ctypes.byref(value))
                entries[name.decode()] = value.value
            elif kind == c.GRASP_REPORT_SERIES:
                series = np.empty(lib.grasp_report_length(handle, name))
                context.call("grasp_report_series", handle, name, series.ctypes.data, len(series))
                entries[name.decode()] = series
            elif kind == c.GRASP_REPORT_TEXT:
                text = ctypes.c_char_p()
                context.call("grasp_report_text", handle, name, ctypes.byref(text))
                entries[name.decode()] = (text.value or b"").decode()
        return cls(entries)

    def __getitem__(self, name: str) -> Union[float, str, np.ndarray]:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        shown = {k: f"array({len(v)})" if isinstance(v, np.ndarray) else v for k, v in self._entries.items()}
        return f"Report({shown})"
