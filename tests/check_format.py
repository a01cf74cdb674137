# SPDX-License-Identifier: BSD-3-Clause
"""Reads saved groups, gradients and a model as grasp-format(5) describes them, with nothing of the library's own reader: offsets,
alignment, checksums, sections, end. The path of the shared library is in GRASP_LIBRARY."""
import ctypes
import os
import struct
import tempfile

lib = ctypes.CDLL(os.environ["GRASP_LIBRARY"])
ptr, i64, f64 = ctypes.c_void_p, ctypes.c_int64, ctypes.c_double


def call(name, *arguments):
    status = getattr(lib, name)(*arguments)
    assert status == 0, (name, status)


def make(name, *arguments):
    handle = ptr()
    call(name, *arguments, ctypes.byref(handle))
    return handle


TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)  # 0x1EDC6F41, reflected
    TABLE.append(byte)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283


def read(data):
    """Kind and sections [(tag, values or bytes)] of one object that fills the data."""
    assert data[:8] == b"\x89GRASP\r\n" and data[16:60] == bytes(44)
    assert struct.unpack_from("<I", data, 8)[0] == 1 and struct.unpack_from("<I", data, 60)[0] == crc32c(data[:60])
    sections, at = [], 64
    while True:
        head = data[at:at + 64]
        tag, kind, length = head[:4], *struct.unpack_from("<Iq", head, 4)
        assert head[16:60] == bytes(44) and struct.unpack_from("<I", head, 60)[0] == crc32c(head[:60])
        end = -(-(at + 64 + length + 4) // 64) * 64  # of payload, zeros and checksum
        payload = data[at + 64:at + 64 + length]
        assert data[at + 64 + length:end - 4] == bytes(end - 4 - at - 64 - length)
        assert struct.unpack_from("<I", data, end - 4)[0] == crc32c(data[at + 64:end - 4])
        size, code = {0: (1, None), 1: (4, "f"), 2: (8, "d"), 3: (8, "q")}[kind]
        values = payload if code is None else struct.unpack(f"<{length // size}{code}", payload)
        at = end
        if tag == b"END ":
            assert values == (len(data),) and at == len(data)
            return data[12:16], sections
        sections.append((tag, values))


ctx = make("grasp_context_create", None)
labels = (i64 * 5)(0, 1, -1, 1, 0)
groups = make("grasp_groups_create", ctx, labels, i64(5))
rows = (f64 * 6)(1, 2, 3, -4, 5.5, 1e-300)
matrix = make("grasp_matrix_wrap", ctx, 2, i64(2), i64(3), i64(3), rows, None, None)
dense = make("grasp_gradients_create_dense", ctx, 2, i64(3), i64(0))
call("grasp_gradients_append", ctx, dense, matrix)
call("grasp_gradients_seal", ctx, dense)
factored = make("grasp_gradients_create_factored", ctx, 2, i64(1), (i64 * 1)(3), (i64 * 1)(3), None, (ctypes.c_int32 * 1)(0), i64(0))
call("grasp_gradients_append_factors", ctx, factored, (ptr * 1)(matrix), (ptr * 1)(matrix), i64(1))
call("grasp_gradients_seal", ctx, factored)
softmax = make("grasp_model_create_softmax", ctx, i64(2), i64(3))
theta = (f64 * 9)(*range(9))
call("grasp_model_set_params", ctx, softmax, theta, i64(9))

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "x")

    def saved(name, handle):
        call(name, ctx, handle, path.encode())
        with open(path, "rb") as file:
            return read(file.read())

    assert saved("grasp_groups_save_file", groups) == (b"GRPS", [(b"COUN", (2,)), (b"LABL", tuple(labels))])
    assert saved("grasp_gradients_save_file", dense) == (b"GRAD", [(b"SIZE", (2, 2, 3, 0)), (b"ROWS", tuple(rows))])
    assert saved("grasp_gradients_save_file", factored) == \
        (b"GRAD", [(b"SIZE", (2, 2, 9, 1, 3, 3, 1, 0)), (b"ACTS", tuple(rows)), (b"DELT", tuple(rows))])
    kind, sections = saved("grasp_model_save_file", softmax)
    assert (kind, sections) == (b"MODL", [(b"KIND", b"softmax"), (b"WDTH", (2, 3)), (b"PARM", tuple(theta))]), sections
print("grasp-format(5) reads what the library wrote")
