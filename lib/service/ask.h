/* ask - what an orchestrator without a shell runs in the container of a service: is it ready?
 *
 *     chancery-SERVICE --healthcheck
 */
#ifndef SERVICE_ASK_H
#define SERVICE_ASK_H

/* Asks /readyz of the service whose settings are in the environment, on this host. 0 when it is
 * ready; 1 when it is not, or does not answer in a few seconds: standard error says why. */
int ask_ready(const char *service);

#endif
