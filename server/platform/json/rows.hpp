// Rows for a set-based statement: a JSON array of arrays, which json_each() of both engines makes a table of.
//
//   json::Rows rows;
//   rows.add(id, 7, text);                                   // one row; `value ->> 0` is the id
// Numbers are written as texts, which the statement casts: PostgreSQL would make a NUMERIC of a JSON number and a text
// of that first.
//   tx.execute(kInsertMany, {{"rows", rows.text()}});
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
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
    void field(const std::string& text, bool& first) { field(std::string_view{text}, first); }
    void field(const char* text, bool& first) { field(std::string_view{text}, first); }
    void field(std::string_view text, bool& first) {
        separate(first);
        quote(text);
    }
    void field(const std::optional<std::string>& text, bool& first) {
        if (text) return field(std::string_view{*text}, first);
        separate(first);
        text_ += "null";
    }
    template <std::integral T>
    void field(T number, bool& first) {
        separate(first);
        text_ += '"';
        text_ += std::to_string(number);
        text_ += '"';
    }
    void separate(bool& first) {
        if (!first) text_ += ',';
        first = false;
    }
    void quote(std::string_view text);
    std::string text_ = "[";
};

}  // namespace confidente::json
