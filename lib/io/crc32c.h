/* SPDX-License-Identifier: BSD-3-Clause
 * io, private: CRC32C (Castagnoli), as in iSCSI and ext4: polynomial 0x1EDC6F41, reflected, initial and final
 * complement.
 */
#ifndef GRASP__IO_CRC32C_H
#define GRASP__IO_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Made for each file, for there is no writable global; 16,384 steps. */
typedef struct grasp__crc32c {
    uint32_t table[8][256];
} grasp__crc32c;

void grasp__crc32c_init(grasp__crc32c *crc);
/* Continues `value` (0 at first) over n bytes. Eight bytes a step. */
uint32_t grasp__crc32c_add(const grasp__crc32c *crc, uint32_t value, const void *data, size_t n);

#endif
