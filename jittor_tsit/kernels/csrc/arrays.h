// Arguments of an operator: arrays and named numbers. `kernels/call.py` writes the calls that pass them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace {
// A row-major array of up to 5 axes.
template <class Number>
struct Array {
    static constexpr bool exists = true;
    Number* values;
    int64_t size;  // number of values
    int64_t shape[5];
};

// Takes the place of an array that an operator does without. It is a type of its own, so that the compiler removes
// the code that needs the array.
struct Absent {
    static constexpr bool exists = false;
    static constexpr std::nullptr_t values = nullptr;
};

using Numbers = std::unordered_map<std::string, double>;  // name -> value; `at` throws if a name is missing
}
