/* zip - an archive of a few small files (PKWARE APPNOTE 6.3.10), deflated: clients tell an archive
 * from a text by looking for "-----".
 *
 *     struct zip z;
 *     zip_begin(&z, &text, modified);
 *     zip_add(&z, "shop_example_net.crt", bytes);
 *     zip_end(&z);
 *
 * The same names, bytes and time give the same archive, as long as zlib is the same.
 */
#ifndef BASE_ZIP_H
#define BASE_ZIP_H

#include <stdint.h>

#include "base/clock.h"
#include "base/text.h"

enum { ZIP_FILES_MAX = 16, ZIP_FILE_MAX = 1 << 30 };

struct zip {
    struct text *out;
    uint16_t date, time;
    unsigned count;
    struct zip_entry {
        const char *name;
        uint32_t crc, size, packed, offset;
    } entries[ZIP_FILES_MAX];
};

/* `out` is an empty text; `modified` is the time that each file is given, in steps of 2 seconds. */
void zip_begin(struct zip *z, struct text *out, struct instant modified);
/* `name` is ASCII, without folders, and is kept by reference. */
void zip_add(struct zip *z, const char *name, struct bytes content);
void zip_end(struct zip *z);

#endif
