// SPDX-License-Identifier: Apache-2.0
//
// What can keep an offer from being shown, in the order in which a decision looks at it:
// X(NAME, name, "what it means"). Tests of bundles name them under `because`.
X(CONTENT, content, "it has no content for the placement, or a text of it has no value")
X(DATES, dates, "it has not started yet, or has ended")
X(CONSENT, consent, "its purpose is not granted")
X(ELIGIBLE, eligible, "the rule `eligible`, its own or its group's, does not hold")
X(APPLICABLE, applicable, "the rule `applicable` does not hold")
X(SUITABLE, suitable, "the rule `suitable` does not hold")
X(CAPS, caps, "a cap leaves no room")
X(HOLDOUT, holdout, "the person is held out")
X(SCORE, score, "its rank has no value")
X(RANK, rank, "others came before it, it is shown elsewhere, or its group has its share of the answer")
