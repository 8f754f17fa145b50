/* slack - an endpoint that is a Slack incoming webhook gets {"text":"..."} for people.
 *
 * It cannot echo what it got, so nothing changes in how it is verified: the challenge token is shown
 * as text, and who reads the channel sends it with check-challenge.
 */
#ifndef NOTIFIER_CHANNELS_SLACK_H
#define NOTIFIER_CHANNELS_SLACK_H

#include <stdbool.h>

#include "base/fault.h"

/* Which endpoints those are: "host/path host:port/path", separated by spaces; what follows the path
 * is free. Before the first post; false when it is nothing of the kind. */
bool slack_places(const char *list, struct fault *f);

#endif
