/* read_extensions - the extensions of a certificate, each by its ASN.1 (RFC 5280 4.2). */
#ifndef LINTS_READ_EXTENSIONS_H
#define LINTS_READ_EXTENSIONS_H

struct lint_case;

/* Fills what read.h has of them; those that are what they should be are `formed`. */
void read_extensions(struct lint_case *c);

#endif
