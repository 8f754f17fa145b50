/* pem - textual armour (RFC 7468): read as clients send it, written as clients expect it. */
#ifndef PKI_PEM_H
#define PKI_PEM_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/text.h"

/* Of the text: the largest request (CSR_SIZE_MAX) in base64, and what tools write before it. */
enum { PEM_SIZE_MAX = 192 * 1024 };

/* One certificate request: with armour ("NEW CERTIFICATE REQUEST" too), with its line breaks,
 * without them, with CRLF, or as bare base64 or base64url. With armour any text and other objects
 * may stand around it (RFC 7468 sections 2 and 5.2), but no second request. Marks of editors and
 * escapes are read as what they were (pem_text.h). A private key anywhere is the reason that is
 * told. Faults name "certificate.csr". What the bytes mean is not looked at. */
bool pem_read_csr(struct arena *a, const char *text, struct bytes *der, struct fault *f);

/* One object with armour of this label, as leniently; `field` is named by the fault. */
bool pem_read(struct arena *a, const char *text, const char *label, struct bytes *der,
              struct fault *f, const char *field);

/* 64 columns; each line, also the last, ends with `eol`, which is "\n" or "\r\n". */
void pem_write(struct text *t, const char *label, struct bytes der, const char *eol);

#endif
