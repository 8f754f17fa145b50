#include "base/zip.h"

#include <assert.h>
#include <string.h>
#include <time.h>

/* Made on Unix (3) by version 2.0; to be read by version 1.0, which knows stored files. */
enum { MADE_BY = 3 << 8 | 20, NEEDED = 10, STORED = 0, MODE = 0100644 };
enum { LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50 };

/* CRC-32 of ISO 3309, low bit first. */
static uint32_t crc32_of(struct bytes b)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < b.size; i++) {
        crc ^= b.data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
    }
    return ~crc;
}

/* Numbers are little-endian. */
static void add16(struct text *t, unsigned value)
{
    text_add_char(t, (char)value);
    text_add_char(t, (char)(value >> 8));
}

static void add32(struct text *t, uint32_t value)
{
    add16(t, value & 0xffff);
    add16(t, value >> 16);
}

/* What a file's local header (4.3.7) and its central one (4.3.12) have in common. */
static void add_header(const struct zip *z, const struct zip_entry *e)
{
    add16(z->out, NEEDED);
    add16(z->out, 0);
    add16(z->out, STORED);
    add16(z->out, z->time);
    add16(z->out, z->date);
    add32(z->out, e->crc);
    add32(z->out, e->size); /* compressed */
    add32(z->out, e->size);
    add16(z->out, (unsigned)strlen(e->name));
    add16(z->out, 0); /* extra field */
}

void zip_begin(struct zip *z, struct text *out, struct instant modified)
{
    time_t seconds = (time_t)(modified.us / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    assert(tm.tm_year >= 80 && tm.tm_year < 208 && out->length == 0); /* 1980 to 2107 */
    *z = (struct zip){
        .out = out,
        .date = (uint16_t)((tm.tm_year - 80) << 9 | (tm.tm_mon + 1) << 5 | tm.tm_mday),
        .time = (uint16_t)(tm.tm_hour << 11 | tm.tm_min << 5 | tm.tm_sec / 2),
    };
}

void zip_add(struct zip *z, const char *name, struct bytes content)
{
    assert(z->count < ZIP_FILES_MAX && content.size <= UINT32_MAX);
    struct zip_entry *e = &z->entries[z->count++];
    *e = (struct zip_entry){ name, crc32_of(content), (uint32_t)content.size,
                             (uint32_t)z->out->length };
    add32(z->out, LOCAL);
    add_header(z, e);
    text_add(z->out, name);
    text_add_bytes(z->out, content.data, content.size);
}

static void add_central(const struct zip *z, const struct zip_entry *e)
{
    add32(z->out, CENTRAL);
    add16(z->out, MADE_BY);
    add_header(z, e);
    add16(z->out, 0); /* comment */
    add16(z->out, 0); /* disk */
    add16(z->out, 0); /* internal attributes */
    add32(z->out, (uint32_t)MODE << 16);
    add32(z->out, e->offset);
    text_add(z->out, e->name);
}

void zip_end(struct zip *z)
{
    uint32_t begun = (uint32_t)z->out->length;
    for (unsigned i = 0; i < z->count; i++)
        add_central(z, &z->entries[i]);
    uint32_t size = (uint32_t)z->out->length - begun;
    add32(z->out, END);
    add16(z->out, 0); /* this disk */
    add16(z->out, 0); /* the directory's disk */
    add16(z->out, z->count);
    add16(z->out, z->count);
    add32(z->out, size);
    add32(z->out, begun);
    add16(z->out, 0); /* comment */
}
