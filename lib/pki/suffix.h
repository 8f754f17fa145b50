/* suffix - the ICANN part of the Public Suffix List (TLS BR 3.2.2.6), loaded once. */
#ifndef PKI_SUFFIX_H
#define PKI_SUFFIX_H

/* The public suffix of a lower-case name of A-labels: its tail, or all of it; NULL if its top-level
 * domain is not public. */
const char *suffix_of(const char *host);

#endif
