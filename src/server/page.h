// SPDX-License-Identifier: Apache-2.0
//
// What a token of the role `page` may ask for. It stands in web pages, where everybody can read it, and so is for what
// a browser has to do for whoever sits before it, and for nothing that tells of others or changes them:
//
//      decide   for nobody, or by identities that only their own browser knows (`page_identities`: a random cookie);
//               it is told what to show, and no score, number or arm, which may say what is known of a person
//      record   events that bring back the token of an offer, which says whom they are about and cannot be forged;
//               of somebody who was not known by then it may say such an identity. Each counts once for a token
#ifndef SERVER_PAGE_H
#define SERVER_PAGE_H

#include "server/metrics.h"
#include "server/setting.h"
#include "wire/problem.h"

bool page_has(metrics_operation o); // whether there is anything of it for pages
// TACT_DENIED with the place: it asks for more than a page may. What else may be wrong with it others tell.
TACT_MUST_USE tact_err page_check(setting_texts identities, metrics_operation o, tact_value request, tact_problem *p);

// What is done of a request that was checked, and what is told of its reply: in the arena, borrowing from what is
// given. NULL kind: memory ran out.
tact_value page_request(arena *a, metrics_operation o, tact_value request);
tact_value page_reply(arena *a, metrics_operation o, tact_value reply);

#endif
