#include "base/zip.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#include "base/calendar.h"

/* Made on Unix (3) by version 2.0; to be read by version 2.0, the first that inflates (4.4.3.2). */
enum { MADE_BY = 3 << 8 | 20, NEEDED = 20, DEFLATED = 8, MODE = 0100644 };
/* Of zlib: what it takes when it is not told, but without its frame, since a zip has its own. */
enum { RAW_WINDOW = -15, MEMORY = 8 };
enum { LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50 };

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
    add16(z->out, DEFLATED);
    add16(z->out, z->time);
    add16(z->out, z->date);
    add32(z->out, e->crc);
    add32(z->out, e->packed);
    add32(z->out, e->size);
    add16(z->out, (unsigned)strlen(e->name));
    add16(z->out, 0); /* extra field */
}

void zip_begin(struct zip *z, struct text *out, struct instant modified)
{
    struct calendar c = calendar_of(modified);
    assert(c.year >= 1980 && c.year < 2108 && out->length == 0);
    *z = (struct zip){
        .out = out,
        .date = (uint16_t)((c.year - 1980) << 9 | c.month << 5 | c.day),
        .time = (uint16_t)(c.hour << 11 | c.minute << 5 | c.second / 2),
    };
}

/* RFC 1951, in one piece: the same content gives the same bytes. */
static struct bytes deflated(struct arena *a, struct bytes content)
{
    z_stream s = { .next_in = content.data, .avail_in = (uInt)content.size };
    if (deflateInit2(&s, Z_BEST_COMPRESSION, Z_DEFLATED, RAW_WINDOW, MEMORY, Z_DEFAULT_STRATEGY))
        abort(); /* no memory, which no other call outlives either */
    size_t room = deflateBound(&s, (uLong)content.size);
    uint8_t *out = arena_alloc(a, room);
    s.next_out = out;
    s.avail_out = (uInt)room;
    int ended = deflate(&s, Z_FINISH);
    assert(ended == Z_STREAM_END);
    size_t size = s.total_out;
    deflateEnd(&s);
    return (struct bytes){ out, size };
}

void zip_add(struct zip *z, const char *name, struct bytes content)
{
    assert(z->count < ZIP_FILES_MAX && content.size <= ZIP_FILE_MAX);
    struct bytes packed = deflated(z->out->arena, content);
    struct zip_entry *e = &z->entries[z->count++];
    *e = (struct zip_entry){ .name = name,
                             .crc = (uint32_t)crc32(0, content.data, (uInt)content.size),
                             .size = (uint32_t)content.size,
                             .packed = (uint32_t)packed.size,
                             .offset = (uint32_t)z->out->length };
    add32(z->out, LOCAL);
    add_header(z, e);
    text_add(z->out, name);
    text_add_bytes(z->out, packed.data, packed.size);
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
