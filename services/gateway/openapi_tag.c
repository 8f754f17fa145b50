#include "openapi_tag.h"

#include <string.h>

#include "message/json.h"

static const struct {
    const char *name, *about;
    const char *services[6];
} tags[] = {
    { "Orders",
      "Ordering certificates, and what becomes of an order.",
      { "Orders", "OrderLists", "OrderContacts", "Notes" } },
    { "Domain control",
      "How the names of an order are proved, and what is still open.",
      { "OrderDomains", "OrderValidations", "OrderEmails" } },
    { "Requests", "Requests that somebody has to approve.", { "Requests", "RequestLists" } },
    { "Certificates", "Downloads of what was issued, and of its chain.", { "Certificates" } },
    { "Products", "What can be ordered.", { "Products" } },
    { "Account", "The account of the caller, and its key for request tokens.", { "Accounts" } },
    { "Users", "People and service users, and their roles.", { "Users" } },
    { "API keys", "Keys that open this API.", { "Keys" } },
    { "Divisions", "Containers: the parts that an account is divided into.", { "Containers" } },
    { "Events", "What has happened, as a feed that is read on from a cursor.", { "Events" } },
    { "Webhooks",
      "Endpoints that are told what happens, and what they answered.",
      { "WebhookSettingsApi" } },
    { "Authorities",
      "The certificates that clients must trust, and those between: for everybody, without a key.",
      { "AuthorityFiles" } },
    { "Approval pages",
      "Pages behind the links of approval mails; for people.",
      { "ApprovalPages" } },
    { "Change log", "What changes here and when: for everybody, without a key.", { "ChangeLog" } },
    { "Description", "This document.", { "Documents" } },
};

const char *openapi_tag_of(const char *service)
{
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        for (size_t n = 0; tags[i].services[n]; n++)
            if (strcmp(tags[i].services[n], service) == 0)
                return tags[i].name;
    return service;
}

void openapi_tags(struct text *out)
{
    text_add(out, "\"tags\":[");
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        text_add(out, i ? ",{\"name\":" : "{\"name\":");
        json_add_string(out, tags[i].name);
        text_add(out, ",\"description\":");
        json_add_string(out, tags[i].about);
        text_add_char(out, '}');
    }
    text_add(out, "],");
}
