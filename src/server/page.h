// SPDX-License-Identifier: Apache-2.0
//
// What a token of the role `page` may ask for. It stands in web pages, where everybody can read it, and so is for what
// a browser has to do for whoever sits before it, and for nothing that tells of others or changes them:
//
//      decide   for nobody, or by identities that only their own browser knows (`page_identities`: a random cookie)
//      record   events that bring back the token of an offer, which says whom they are about and cannot be forged
#ifndef SERVER_PAGE_H
#define SERVER_PAGE_H

#include "server/metrics.h"
#include "server/setting.h"
#include "wire/problem.h"

bool page_has(metrics_operation o); // whether there is anything of it for pages
// TACT_DENIED with the place: it asks for more than a page may. What else may be wrong with it others tell.
TACT_MUST_USE tact_err page_check(setting_texts identities, metrics_operation o, tact_value request, tact_problem *p);

#endif
