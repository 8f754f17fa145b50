#include <string.h>

#include "pki/name.h"

static bool holds(const struct name_list *list, const char *fqdn)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->names[i].fqdn, fqdn) == 0)
            return true;
    return false;
}

static bool add(struct arena *a, enum name_realm realm, struct name_list *list, const char *text,
                struct fault *f, const char *field)
{
    struct name name;

    if (!name_read(a, text, realm, &name, f, field))
        return false;
    if (holds(list, name.fqdn))
        return true;
    if (list->count == NAME_LIST_MAX)
        return fault_set(f, FAULT_DNS_NAME, "certificate.dns_names",
                         "has more than %d different names", NAME_LIST_MAX);
    list->names[list->count++] = name;
    return true;
}

bool name_entries_counted(size_t count, struct fault *f, const char *field)
{
    return count <= NAME_ENTRIES_MAX ||
           fault_set(f, FAULT_DNS_NAME, field, "has %zu entries: at most %d are read", count,
                     NAME_ENTRIES_MAX);
}

bool name_list_read(struct arena *a, enum name_realm realm, const char *common_name,
                    const char *const *dns_names, size_t count, struct name_list *out,
                    struct fault *f)
{
    size_t room = count < NAME_LIST_MAX ? count + 1 : NAME_LIST_MAX;

    if (!name_entries_counted(count, f, "certificate.dns_names"))
        return false;
    *out = (struct name_list){ .names = arena_array(a, struct name, room) };
    if (common_name && *common_name &&
        !add(a, realm, out, common_name, f, "certificate.common_name"))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!add(a, realm, out, dns_names[i], f, "certificate.dns_names"))
            return false;
    return out->count > 0 || fault_set(f, FAULT_REQUIRED, "certificate.common_name", "is required");
}
