/* ceremony_record - the folder that a ceremony leaves behind. Files appear whole or not at all. */
#ifndef CEREMONY_RECORD_H
#define CEREMONY_RECORD_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/text.h"

/* Makes the folder unless it is there; the one that it lies in must be. */
bool record_folder(const char *folder, struct fault *f);

/* `found` is false when there is no such file. */
bool record_read(struct arena *a, const char *folder, const char *name, const char *suffix,
                 struct bytes *out, bool *found, struct fault *f);
bool record_write(struct arena *a, const char *folder, const char *name, const char *suffix,
                  struct bytes content, struct fault *f);

/* Appends one line to ceremony.log, which is on the disk when this returns. */
bool record_note(struct arena *a, const char *folder, struct instant at, struct fault *f,
                 const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
