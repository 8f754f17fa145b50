/* mails - the lane `mail`: a job asks one address for its approval (TLS BR 3.2.2.4.4).
 *
 * The random value is made here when the mail is, a new one for each sending, and is nowhere but in
 * the mail: its hash is stored before the mail goes out, so that no mail can be answered in vain.
 */
#ifndef NOTIFIER_MAILS_H
#define NOTIFIER_MAILS_H

#include "ledger/lane.h"
#include "notifier.h"

void mails_run(struct lane_batch *batch);

#endif
