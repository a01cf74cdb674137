/* SPDX-License-Identifier: BSD-3-Clause
 * CRC32C by slices of eight bytes (Kounavis and Berry 2005), portable to either byte order.
 */
#include "io/crc32c.h"

void grasp__crc32c_init(grasp__crc32c *crc)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++)
            c = (c >> 1) ^ (0x82F63B78u & (0u - (c & 1u)));
        crc->table[0][i] = c;
    }
    for (uint32_t i = 0; i < 256; i++)
        for (int k = 1; k < 8; k++)
            crc->table[k][i] = (crc->table[k - 1][i] >> 8) ^ crc->table[0][crc->table[k - 1][i] & 0xFF];
}

static uint32_t little(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t grasp__crc32c_add(const grasp__crc32c *crc, uint32_t value, const void *data, size_t n)
{
    const unsigned char *p = data;
    uint32_t c = ~value;
    for (; n >= 8; n -= 8, p += 8) {
        uint32_t a = c ^ little(p), b = little(p + 4);
        c = crc->table[7][a & 0xFF] ^ crc->table[6][a >> 8 & 0xFF] ^ crc->table[5][a >> 16 & 0xFF] ^
            crc->table[4][a >> 24] ^ crc->table[3][b & 0xFF] ^ crc->table[2][b >> 8 & 0xFF] ^
            crc->table[1][b >> 16 & 0xFF] ^ crc->table[0][b >> 24];
    }
    for (; n > 0; n--, p++)
        c = (c >> 8) ^ crc->table[0][(c ^ *p) & 0xFF];
    return ~c;
}
