/* files - small files, whole. */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/text.h"

/* FAULT_INVALID with the path when it cannot be read, is no text or has more than 4 MB. */
bool file_read(struct arena *a, const char *path, char **out, struct fault *f);

/* The same of any bytes. */
bool file_read_bytes(struct arena *a, const char *path, struct bytes *out, struct fault *f);

/* Also when others may read it (base/secret_file.h). */
bool file_read_secret(struct arena *a, const char *path, char **out, struct fault *f);

/* Under another name first, so that nobody sees half of it. */
bool file_write(struct arena *a, const char *path, const char *text, struct fault *f);

/* Names in `folder` that end in `ending`, sorted. */
bool folder_list(struct arena *a, const char *folder, const char *ending, char ***names,
                 size_t *count, struct fault *f);

#endif
