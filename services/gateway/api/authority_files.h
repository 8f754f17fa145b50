/* authority_files - /ca: the certificates of the authorities, without a key. */
#ifndef API_AUTHORITY_FILES_H
#define API_AUTHORITY_FILES_H

#include "authority_file.pb-c.h"
#include "limit.h"
#include "route.h"

extern AuthorityFiles_Service authority_files_service;

/* Ends with NULL; below /ca. */
extern const struct route *const authority_file_tables[];

/* As many requests of an address as of other pages without a key; `limits` is a struct limits. */
bool authority_files_admit(struct call *call, const struct route *route, void *limits);

/* Where one is, of the host that the API has: "/ca/0A1B2C3D4E5F6071.crt". */
char *authority_file_path(struct arena *a, const char *id);

/* The file of that name, in the arena. False: there is no such authority, or no such form. For a thread with a
 * store_mine(). */
bool authority_file_make(struct arena *a, const char *file, CertificateDownload *out);

#endif
