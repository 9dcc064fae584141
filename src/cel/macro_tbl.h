// SPDX-License-Identifier: Apache-2.0
//
// Every macro: X(library, space, name, member, count, variables, expander, "usage", "documentation").
//
// A call is a macro's if its name and number of arguments are the row's and it is called on something exactly if
// `member` is true; with a `space`, on that very name. The first `variables` arguments must be names of variables,
// different from each other. A count of MACRO_MANY is one or more. The expander is the function expand_<expander> of
// macro.c.
// clang-format off
X(MACROS, "", "has", false, 1, 0, has, "has(m.field)",
  "Whether the field or key is there. Never an error because it is not.")
X(MACROS, "", "all", true, 2, 1, all, "list.all(x, condition)",
  "Whether the condition holds for every item of a list or key of a map; true for an empty one.")
X(MACROS, "", "exists", true, 2, 1, exists, "list.exists(x, condition)",
  "Whether the condition holds for some item of a list or key of a map; false for an empty one.")
X(MACROS, "", "exists_one", true, 2, 1, exists_one, "list.exists_one(x, condition)",
  "Whether the condition holds for exactly one item of a list or key of a map.")
X(MACROS, "", "existsOne", true, 2, 1, exists_one, "list.existsOne(x, condition)",
  "The same as exists_one.")
X(MACROS, "", "map", true, 2, 1, map, "list.map(x, expression)",
  "The list of the expression's values for the items of a list or keys of a map.")
X(MACROS, "", "map", true, 3, 1, map, "list.map(x, condition, expression)",
  "The list of the expression's values for those items or keys for which the condition holds.")
X(MACROS, "", "filter", true, 2, 1, filter, "list.filter(x, condition)",
  "The list of those items of a list or keys of a map for which the condition holds.")
X(MACROS2, "", "all", true, 3, 2, all, "list.all(i, x, condition)",
  "Whether the condition holds for every index and item of a list, or key and value of a map.")
X(MACROS2, "", "exists", true, 3, 2, exists, "list.exists(i, x, condition)",
  "Whether the condition holds for some index and item of a list, or key and value of a map.")
X(MACROS2, "", "exists_one", true, 3, 2, exists_one, "list.exists_one(i, x, condition)",
  "Whether the condition holds for exactly one index and item of a list, or key and value of a map.")
X(MACROS2, "", "existsOne", true, 3, 2, exists_one, "list.existsOne(i, x, condition)",
  "The same as exists_one.")
X(MACROS2, "", "transformList", true, 3, 2, transform_list, "list.transformList(i, x, expression)",
  "The list of the expression's values for the indices and items of a list, or keys and values of a map.")
X(MACROS2, "", "transformList", true, 4, 2, transform_list, "list.transformList(i, x, condition, expression)",
  "The same for those for which the condition holds.")
X(MACROS2, "", "transformMap", true, 3, 2, transform_map, "map.transformMap(k, v, expression)",
  "A map with the same keys (a list's indices) and the expression's values.")
X(MACROS2, "", "transformMap", true, 4, 2, transform_map, "map.transformMap(k, v, condition, expression)",
  "The same for those for which the condition holds.")
X(MACROS2, "", "transformMapEntry", true, 3, 2, transform_map_entry, "map.transformMapEntry(k, v, {key: value})",
  "The map of all entries of the maps that the expression gives; an error if a key repeats.")
X(MACROS2, "", "transformMapEntry", true, 4, 2, transform_map_entry,
  "map.transformMapEntry(k, v, condition, {key: value})",
  "The same for those for which the condition holds.")
X(OPTIONALS, "", "optMap", true, 2, 1, opt_map, "optional.optMap(x, expression)",
  "The optional of the expression's value if there is a value x, else optional.none().")
X(OPTIONALS, "", "optFlatMap", true, 2, 1, opt_flat_map, "optional.optFlatMap(x, expression)",
  "The optional that the expression gives if there is a value x, else optional.none().")
X(BINDINGS, "cel", "bind", true, 3, 1, bind, "cel.bind(x, value, expression)",
  "The expression's value, with x standing for a value that is computed once.")
X(BLOCK, "cel", "block", true, 2, 0, block, "cel.block([values], expression)",
  "The expression's value; within it and the values, cel.index(n) stands for value n, which is computed once.")
X(BLOCK, "cel", "index", true, 1, 0, index, "cel.index(n)",
  "Value n of the enclosing cel.block.")
X(BLOCK, "cel", "iterVar", true, 2, 0, iter_var, "cel.iterVar(depth, n)",
  "A variable's name for a macro, unlike any that can be written.")
X(BLOCK, "cel", "accuVar", true, 2, 0, accu_var, "cel.accuVar(depth, n)",
  "An accumulator's name for a macro, unlike any that can be written.")
X(MATH, "math", "greatest", true, MACRO_MANY, 0, greatest, "math.greatest(a, b, …)",
  "The greatest of the numbers, which may be of different types, or of a list of numbers; the first of equal ones.")
X(MATH, "math", "least", true, MACRO_MANY, 0, least, "math.least(a, b, …)",
  "The least of the numbers, which may be of different types, or of a list of numbers; the first of equal ones.")
X(LISTS, "", "sortBy", true, 2, 1, sort_by, "list.sortBy(x, key)",
  "The list's items in ascending order of the key that the expression gives for each; equal ones keep their order.")
// clang-format on
