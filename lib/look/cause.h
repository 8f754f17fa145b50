/* cause - why something was not found, in the words of the house: what libraries and the system say is
 * for those who run this service, and changes with their versions. They find it in the log, at level debug. */
#ifndef LOOK_CAUSE_H
#define LOOK_CAUSE_H

/* A look-up that could not be made: libunbound's error. */
const char *cause_lookup(int error);

/* An answer that cannot be right: libunbound's text, NULL: none. Valid until this thread asks again. */
const char *cause_dnssec(const char *text);

/* A connection that could not be made: errno, 0: none. "" when there is nothing to add. */
const char *cause_connect(int error);

/* A transfer that failed: curl's code and text. */
const char *cause_transfer(int code, const char *text);

#endif
