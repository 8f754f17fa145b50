/* log_ring - lines on their way to standard error, written by a thread of their own, so that who
 * logs waits for nobody. Lines that find no room are dropped and counted. Only log.c includes this.
 *
 * Whoever puts a line holds the lock for a copy in memory; only the writer waits for the reader of
 * standard error, and it holds no lock then.
 */
#ifndef BASE_LOG_RING_H
#define BASE_LOG_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOG_LINE_SIZE = 4096 }; /* PIPE_BUF: a write of this size to a pipe is not torn */

/* Starts the writer. What was dropped, `told` puts into words, in one line, once all that waited is
 * written. What still waits when the process ends, by exit() or by a crash, has a moment to go. */
void log_ring_start(size_t (*told)(char line[LOG_LINE_SIZE], int64_t dropped));

/* Takes a whole line, its end of line included. False: there is no writer, it is the caller's. */
bool log_ring_put(const char *line, size_t size);

int64_t log_ring_dropped(void);

/* Writes all of it, however long that takes. False: nobody can read it any more. */
bool log_ring_write(const char *data, size_t size);

/* Past the writer, without a lock. Waits no longer than a crash may take, and is lost then. */
void log_ring_write_last(const char *line, size_t size);

#endif
