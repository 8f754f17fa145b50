/* oid - the object identifiers of certificates, as DER content. */
#ifndef X509_OID_H
#define X509_OID_H

#include "pki/der.h"

#define OID_COMMON_NAME  DER_BYTES("\x55\x04\x03")
#define OID_COUNTRY      DER_BYTES("\x55\x04\x06")
#define OID_ORGANIZATION DER_BYTES("\x55\x04\x0a")

/* Extensions (RFC 5280 4.2) */
#define OID_SUBJECT_KEY_ID    DER_BYTES("\x55\x1d\x0e")
#define OID_KEY_USAGE         DER_BYTES("\x55\x1d\x0f")
#define OID_SUBJECT_ALT_NAME  DER_BYTES("\x55\x1d\x11")
#define OID_BASIC_CONSTRAINTS DER_BYTES("\x55\x1d\x13")
#define OID_CRL_DISTRIBUTION  DER_BYTES("\x55\x1d\x1f")
#define OID_POLICIES          DER_BYTES("\x55\x1d\x20")
#define OID_AUTHORITY_KEY_ID  DER_BYTES("\x55\x1d\x23")
#define OID_EXT_KEY_USAGE     DER_BYTES("\x55\x1d\x25")
#define OID_AUTHORITY_INFO    DER_BYTES("\x2b\x06\x01\x05\x05\x07\x01\x01")
#define OID_SCT_LIST          DER_BYTES("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02")
#define OID_POISON            DER_BYTES("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03")

/* Access methods (RFC 5280 4.2.2.1) */
#define OID_AD_OCSP       DER_BYTES("\x2b\x06\x01\x05\x05\x07\x30\x01")
#define OID_AD_CA_ISSUERS DER_BYTES("\x2b\x06\x01\x05\x05\x07\x30\x02")

#define OID_ANY_POLICY    DER_BYTES("\x55\x1d\x20\x00")
#define OID_SERVER_AUTH   DER_BYTES("\x2b\x06\x01\x05\x05\x07\x03\x01")
#define OID_CLIENT_AUTH   DER_BYTES("\x2b\x06\x01\x05\x05\x07\x03\x02")

#endif
