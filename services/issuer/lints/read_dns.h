/* read_dns - the dNSNames of a certificate, each walked over once for all checks of them (BR 7.1.2.7.12). */
#ifndef LINTS_READ_DNS_H
#define LINTS_READ_DNS_H

struct lint_case;

/* Fills what read.h has of them: which faults there are, and the first name that has each. */
void read_dns(struct lint_case *c);

#endif
