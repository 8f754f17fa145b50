/* secret - text that must not be printed. Its own type, so that no log or format macro takes it. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

struct secret {
    const char *text;
};

#endif
