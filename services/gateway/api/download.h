/* download - certificates as files, in the forms that servers take (services API 3.15). */
#ifndef API_DOWNLOAD_H
#define API_DOWNLOAD_H

#include "base/clock.h"
#include "base/text.h"
#include "bus/call.h"
#include "certificate.pb-c.h"

/* What a file is made of. */
struct download {
    const char *common_name; /* of the leaf */
    struct bytes leaf;       /* DER */
    const char *ca_id;       /* its issuer */
    struct instant issued_at;
};

struct format;

/* NULL when there is none of that name. */
const struct format *format_find(const char *name);

/* "default, apache, ...", for messages. */
char *format_names(struct arena *a);

/* The file, in the call's arena. The same certificate gives the same bytes. */
bool download_make(struct call *call, const struct download *d, const struct format *format,
                   CertificateDownload *out);

/* "*.shop.example.net" -> "star_shop_example_net": letters, digits, '_' and '-' only. */
char *file_stem(struct arena *a, const char *common_name);

#endif
