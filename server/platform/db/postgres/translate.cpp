#include "platform/db/postgres/translate.hpp"

#include <algorithm>

namespace confidente::db::postgres {

namespace {

bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool in_name(char c) { return starts_name(c) || (c >= '0' && c <= '9'); }

class Scanner {
public:
    explicit Scanner(std::string_view sql) : sql_(sql) {}

    Translated run() {
        while (at_ < sql_.size()) step();
        return std::move(out_);
    }

private:
    void step() {
        const char c = sql_[at_];
        if (c == '\'') return quoted('\'', after_e());
        if (c == '"') return quoted('"', false);
        if (looking_at("--")) return copy_to(sql_.find('\n', at_));
        if (looking_at("/*")) return comment();
        if (c == '$' && !(at_ > 0 && in_name(sql_[at_ - 1]))) return dollar();
        if (looking_at("::")) return copy(2);
        if (c == ':' && at_ + 1 < sql_.size() && starts_name(sql_[at_ + 1])) return parameter();
        copy(1);
    }

    bool looking_at(std::string_view text) const { return sql_.substr(at_).starts_with(text); }
    void copy(std::size_t count) { copy_to(at_ + count); }
    void copy_to(std::size_t end) {
        end = std::min(end, sql_.size());
        out_.sql += sql_.substr(at_, end - at_);
        at_ = end;
    }

    /// E'…' is the one kind of literal where a backslash protects the quote.
    bool after_e() const {
        return at_ > 0 && (sql_[at_ - 1] == 'e' || sql_[at_ - 1] == 'E') && !(at_ > 1 && in_name(sql_[at_ - 2]));
    }

    /// A doubled quote needs no care: it ends one literal and begins the next.
    void quoted(char quote, bool backslashes) {
        std::size_t end = at_ + 1;
        while (end < sql_.size() && sql_[end] != quote) end += backslashes && sql_[end] == '\\' ? 2 : 1;
        copy_to(end + 1);
    }

    /// Comments nest in PostgreSQL.
    void comment() {
        int depth = 0;
        do {
            if (looking_at("/*")) {
                ++depth;
                copy(2);
            } else if (looking_at("*/")) {
                --depth;
                copy(2);
            } else {
                copy(1);
            }
        } while (depth > 0 && at_ < sql_.size());
    }

    /// $$…$$ or $tag$…$tag$; a lone `$` is copied.
    void dollar() {
        std::size_t end = at_ + 1;
        while (end < sql_.size() && in_name(sql_[end])) ++end;
        if (end >= sql_.size() || sql_[end] != '$') return copy_to(end);
        const auto tag = sql_.substr(at_, end + 1 - at_);
        const auto close = sql_.find(tag, end + 1);
        copy_to(close == std::string_view::npos ? close : close + tag.size());
    }

    void parameter() {
        std::size_t end = at_ + 1;
        while (end < sql_.size() && in_name(sql_[end])) ++end;
        const std::string name{sql_.substr(at_ + 1, end - at_ - 1)};
        const auto found = std::find(out_.names.begin(), out_.names.end(), name);
        const auto number = found - out_.names.begin() + 1;
        if (found == out_.names.end()) out_.names.push_back(name);
        out_.sql += '$' + std::to_string(number);
        at_ = end;
    }

    std::string_view sql_;
    std::size_t at_ = 0;
    Translated out_;
};

}  // namespace

Translated translate(std::string_view sql) { return Scanner{sql}.run(); }

}  // namespace confidente::db::postgres
