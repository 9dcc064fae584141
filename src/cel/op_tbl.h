// SPDX-License-Identifier: Apache-2.0
//
// Every instruction: X(NAME, name, d, a, b, c, "what it does"). The columns d, a, b, c say what each operand is, which is
// all that the verifier and the disassembler need to know:
//
//      NO   unused, must be 0            DST  a register that is written        REG  a register that is read and written
//      VAL  a value: register, constant or slot        STR  a constant string        NUM  a plain number
//      JMP  an instruction to go to, forward           LOOP an ITER_NEXT to go back to
//      OUT  a JMP, or PROGRAM_FALSE or PROGRAM_TRUE: the program ends with that
//      CALL a call site        ITER a pair of registers that hold an iterator        OPT  a register or NONE
//
// Every value may be an error. An instruction that reads one hands it on as its result, unless its row says otherwise.
// "settles" is what `&&` and `||` do: the first operand that settles the outcome jumps out; an error is only noted.
// clang-format off
X(RETURN,     return,      NO,   VAL,  NO,   NO,   "ends with the value a")
X(MOVE,       move,        DST,  VAL,  NO,   NO,   "d = a")
X(RETURN_ELSE, return.else, REG, NUM,  NO,   NO,   "ends with the error noted in d, else with false if a is 0, else true")
X(JUMP,       jump,        NO,   VAL,  NO,   JMP,  "goes to c; a is the value of the whole that ends here, for observers")
X(LOOP,       loop,        NO,   NO,   NO,   LOOP, "goes back to the iterator step c")
X(BRANCH,     branch,      DST,  VAL,  JMP,  JMP,  "goes on if a is true, to b if it is false; else d = error and to c")
// Chains of && and ||: `clear` starts one, conditions follow, `else` ends it where none settled it, `bool` where one did.
X(CLEAR,      clear,       DST,  NO,   NO,   NO,   "d = nothing: no error is noted in it")
X(ELSE,       else,        REG,  NUM,  NO,   JMP,  "d = false if a is 0, else true, unless an error is noted in d; goes to c")
X(BOOL,       bool,        DST,  NUM,  NO,   NO,   "d = false if a is 0, else true")
// Conditions: go to c if the relation is false (…_F) or true (…_T); if it is an error, note it in d; go on.
X(TEST_F,     test.f,      REG,  VAL,  NO,   OUT,  "settles on a being false")
X(TEST_T,     test.t,      REG,  VAL,  NO,   OUT,  "settles on a being true")
X(SETTLE,     settle,      REG,  REG,  NUM,  OUT,  "settles on a having come out as b; if an error is noted in a, notes it in d")
X(EQ_F,       eq.f,        REG,  VAL,  VAL,  OUT,  "settles on a == b being false")
X(EQ_T,       eq.t,        REG,  VAL,  VAL,  OUT,  "settles on a == b being true")
X(NE_F,       ne.f,        REG,  VAL,  VAL,  OUT,  "settles on a != b being false")
X(NE_T,       ne.t,        REG,  VAL,  VAL,  OUT,  "settles on a != b being true")
X(LT_F,       lt.f,        REG,  VAL,  VAL,  OUT,  "settles on a < b being false")
X(LT_T,       lt.t,        REG,  VAL,  VAL,  OUT,  "settles on a < b being true")
X(LE_F,       le.f,        REG,  VAL,  VAL,  OUT,  "settles on a <= b being false")
X(LE_T,       le.t,        REG,  VAL,  VAL,  OUT,  "settles on a <= b being true")
X(GT_F,       gt.f,        REG,  VAL,  VAL,  OUT,  "settles on a > b being false")
X(GT_T,       gt.t,        REG,  VAL,  VAL,  OUT,  "settles on a > b being true")
X(GE_F,       ge.f,        REG,  VAL,  VAL,  OUT,  "settles on a >= b being false")
X(GE_T,       ge.t,        REG,  VAL,  VAL,  OUT,  "settles on a >= b being true")
X(IN_F,       in.f,        REG,  VAL,  VAL,  OUT,  "settles on a in b being false")
X(IN_T,       in.t,        REG,  VAL,  VAL,  OUT,  "settles on a in b being true")
// The same relations, and arithmetic, as values.
X(EQ,         eq,          DST,  VAL,  VAL,  NO,   "d = a == b")
X(NE,         ne,          DST,  VAL,  VAL,  NO,   "d = a != b")
X(LT,         lt,          DST,  VAL,  VAL,  NO,   "d = a < b")
X(LE,         le,          DST,  VAL,  VAL,  NO,   "d = a <= b")
X(GT,         gt,          DST,  VAL,  VAL,  NO,   "d = a > b")
X(GE,         ge,          DST,  VAL,  VAL,  NO,   "d = a >= b")
X(IN,         in,          DST,  VAL,  VAL,  NO,   "d = a in b")
X(NOT,        not,         DST,  VAL,  NO,   NO,   "d = !a")
X(ADD,        add,         DST,  VAL,  VAL,  NO,   "d = a + b")
X(SUB,        sub,         DST,  VAL,  VAL,  NO,   "d = a - b")
X(MUL,        mul,         DST,  VAL,  VAL,  NO,   "d = a * b")
X(DIV,        div,         DST,  VAL,  VAL,  NO,   "d = a / b")
X(MOD,        mod,         DST,  VAL,  VAL,  NO,   "d = a % b")
X(NEG,        neg,         DST,  VAL,  NO,   NO,   "d = -a")
// Parts of values.
X(SELECT,     select,      DST,  VAL,  STR,  NO,   "d = a.b")
X(HAS,        has,         DST,  VAL,  STR,  NO,   "d = has(a.b)")
X(HAS_SLOT,   has.slot,    DST,  VAL,  NO,   NO,   "d = whether the slot a is not absent")
X(INDEX,      index,       DST,  VAL,  VAL,  NO,   "d = a[b]")
X(OPT_SELECT, opt.select,  DST,  VAL,  STR,  NO,   "d = a.?b")
X(OPT_INDEX,  opt.index,   DST,  VAL,  VAL,  NO,   "d = a[?b]")
X(OPT_OR,     opt.or,      DST,  VAL,  NUM,  JMP,  "if the optional a holds something, d = a, or what it holds if b is 1, and to c; on if it is none")
X(CALL,       call,        DST,  NO,   NO,   CALL, "d = the call site's function of its arguments")
// Lists and maps under construction. Once an error was added, d is that error and stays it.
X(LIST,       list,        DST,  NUM,  NO,   NO,   "d = a list under construction, with room for a items")
X(PUSH,       push,        REG,  VAL,  NO,   NO,   "adds a to the list d")
X(PUSH_OPT,   push.opt,    REG,  VAL,  NO,   NO,   "adds what the optional a holds, if anything, to the list d")
X(LIST_END,   list.end,    REG,  NO,   NO,   NO,   "d = the list that was built in d")
X(MAP,        map,         DST,  NUM,  NO,   NO,   "d = a map under construction, with room for a entries")
X(PUT,        put,         REG,  VAL,  VAL,  NO,   "adds the entry a: b to the map d")
X(PUT_OPT,    put.opt,     REG,  VAL,  VAL,  NO,   "adds the entry a: what the optional b holds, if anything")
X(PUT_SLOT,   put.slot,    REG,  VAL,  VAL,  NO,   "adds the entry a: b unless the slot b is absent")
X(PUT_ALL,    put.all,     REG,  VAL,  NO,   NO,   "adds all entries of the map a to the map d")
X(MAP_END,    map.end,     REG,  NO,   NO,   NO,   "d = the map that was built in d")
// Loops.
X(ITER,       iter,        DST,  VAL,  ITER, JMP,  "starts iterator b over the list or map a; if it is neither, d = error and to c")
X(ITER_NEXT,  iter.next,   DST,  OPT,  ITER, JMP,  "d = next item or key, or d = next index or key and a = its value; to c at the end")
X(WHILE,      while,       NO,   VAL,  NO,   JMP,  "leaves the loop for c if a is false")
X(WHILE_NOT,  while.not,   NO,   VAL,  NO,   JMP,  "leaves the loop for c if a is true")
// clang-format on
