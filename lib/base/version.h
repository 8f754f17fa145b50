/* version - what was compiled: `git describe` of the tree, or the CHANCERY_VERSION that make was given. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

/* "v1.4.0-12-g07bae24", "-dirty" behind it when the tree had changes; "unknown (built without git)". */
const char *version_text(void);

#endif
