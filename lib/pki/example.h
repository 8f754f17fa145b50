/* example - hosts that are set apart for examples and tests, where nobody can ever be reached. */
#ifndef PKI_EXAMPLE_H
#define PKI_EXAMPLE_H

#include <stdbool.h>

/* RFC 2606 2 and 3: below test, example, invalid, localhost, or example.com, .net, .org; a loopback
 * address as well. `host` may have a port, and a dot at its end; the case of letters does not matter. */
bool host_is_example(const char *host);

/* The host of a URL like http://host:80/path, in the same sense. False for what is no URL. */
bool url_is_example(const char *url);

#endif
