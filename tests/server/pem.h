// SPDX-License-Identifier: Apache-2.0
//
// Certificates of tests: two that sign themselves, for "localhost", valid until 2126, with their keys, which protect
// nothing.
#ifndef TEST_PEM_H
#define TEST_PEM_H

#define PEM_SERVER_CERTIFICATE                                                                                         \
    "-----BEGIN CERTIFICATE-----\n"                                                                                    \
    "MIIBlTCCATugAwIBAgIUdY4/xVRpY3I3EteBPqR/3Shriq4wCgYIKoZIzj0EAwIw\n"                                               \
    "FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjA1MTQxNloYDzIxMjYxMDI5\n"                                               \
    "MDUxNDE2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO\n"                                               \
    "PQMBBwNCAASuzUG7CWetbonV5BMQyE6H1HuHIIUySZlnN/JKE34g6M6d2+aZUASC\n"                                               \
    "f9zkU/1g50VRTp9cgXNVQ/sz4OS1eF5do2kwZzAdBgNVHQ4EFgQUJ2RmnFEVNkJW\n"                                               \
    "eW3Y4SzDhcmwimwwHwYDVR0jBBgwFoAUJ2RmnFEVNkJWeW3Y4SzDhcmwimwwDwYD\n"                                               \
    "VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID\n"                                               \
    "SAAwRQIgX9CwxZ6AVrggYxb/cIA0O3O3Ory5bHiuv6x9Z3sn5OMCIQCCb9GPf3Gj\n"                                               \
    "VrNh22N01zH+/gm1CL88EHX0mjq6gZ4h3g==\n"                                                                           \
    "-----END CERTIFICATE-----\n"

#define PEM_SERVER_KEY                                                                                                 \
    "-----BEGIN PRIVATE KEY-----\n"                                                                                    \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6jA6J0C59/94x3Bn\n"                                               \
    "VyZBJVOkmJKlrsJHIGtImDy+1PqhRANCAASuzUG7CWetbonV5BMQyE6H1HuHIIUy\n"                                               \
    "SZlnN/JKE34g6M6d2+aZUASCf9zkU/1g50VRTp9cgXNVQ/sz4OS1eF5d\n"                                                       \
    "-----END PRIVATE KEY-----\n"

#define PEM_CLIENT_CERTIFICATE                                                                                         \
    "-----BEGIN CERTIFICATE-----\n"                                                                                    \
    "MIIBlTCCATugAwIBAgIUIOn8riAmLprm6FTw+xlMAc7Na78wCgYIKoZIzj0EAwIw\n"                                               \
    "FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjA1MTQxNloYDzIxMjYxMDI5\n"                                               \
    "MDUxNDE2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO\n"                                               \
    "PQMBBwNCAAQ1PdTXbrL/qyKQId+4nDpqKGM6kHBtx+u5+889oRSDfUb3FrppTQs5\n"                                               \
    "LepdzEtP3astjWq8TRgYUC2/FJ9Hju2Zo2kwZzAdBgNVHQ4EFgQUL8JBzzv5z63X\n"                                               \
    "v5azSyARlF0EnH0wHwYDVR0jBBgwFoAUL8JBzzv5z63Xv5azSyARlF0EnH0wDwYD\n"                                               \
    "VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID\n"                                               \
    "SAAwRQIhAPCBtWQnntRDyxkZ8V3O/5v2PlmaRcWrWOE/PZcBoN1vAiBUwSSKqXjN\n"                                               \
    "ne00o8UgOei0Jsd3UNmI257KwsZkTHMTeA==\n"                                                                           \
    "-----END CERTIFICATE-----\n"

#define PEM_CLIENT_KEY                                                                                                 \
    "-----BEGIN PRIVATE KEY-----\n"                                                                                    \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgcvSDKUnY4utlIur+\n"                                               \
    "msJ8RacLZaNOiQoz67HVeT2ANiGhRANCAAQ1PdTXbrL/qyKQId+4nDpqKGM6kHBt\n"                                               \
    "x+u5+889oRSDfUb3FrppTQs5LepdzEtP3astjWq8TRgYUC2/FJ9Hju2Z\n"                                                       \
    "-----END PRIVATE KEY-----\n"

#endif
