// Rows for a set-based statement: a JSON array of arrays, which json_each() of both engines makes a table of.
//
//   json::Rows rows;
//   rows.add(id, 7, text);                                   // one row; `value ->> 0` is the id
//   tx.execute(kInsertMany, {{"rows", rows.text()}});
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace confidente::json {

class Rows {
public:
    template <class... Fields>
    void add(const Fields&... fields) {
        text_ += empty() ? "[" : ",[";
        bool first = true;
        (field(fields, first), ...);
        text_ += ']';
    }
    bool empty() const { return text_.size() == 1; }
    std::string text() const { return text_ + "]"; }

private:
    void field(std::string_view text, bool& first) {
        separate(first);
        quote(text);
    }
    template <std::integral T>
    void field(T number, bool& first) {
        separate(first);
        text_ += std::to_string(number);
    }
    void separate(bool& first) {
        if (!first) text_ += ',';
        first = false;
    }
    void quote(std::string_view text);
    std::string text_ = "[";
};

}  // namespace confidente::json
