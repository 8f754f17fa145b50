#include "pki/dcv_method.h"

#include <stddef.h>

#define DCV_METHOD(id_, kind_, section_, exact_, transport_, match_, request_token_)               \
    { .id = DCV_METHOD__VALUE__##id_,                                                              \
      .kind = kind_,                                                                               \
      .section = section_,                                                                         \
      .exact = exact_,                                                                             \
      .transport = DCV_##transport_,                                                               \
      .match = DCV_##match_,                                                                       \
      .request_token = request_token_ },

static const struct dcv_method methods[] = {
#include "pki/dcv_methods.def"
};

const struct dcv_method *dcv_method(DcvMethod__Value id)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (methods[i].id == id)
            return &methods[i];
    return NULL;
}

const char *dcv_transport_text(enum dcv_transport transport)
{
    static const char *const texts[] = {
        [DCV_DNS] = "dns", [DCV_WEB] = "web", [DCV_MAIL] = "mail"
    };

    return texts[transport];
}
