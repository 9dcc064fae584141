// SPDX-License-Identifier: Apache-2.0
//
// Every command of the program: X(name, "summary"). `tact NAME` runs cmd_NAME, which stands in src/cli/NAME.c.
X(expr, "evaluate an expression, or show how it is read, checked and compiled")
