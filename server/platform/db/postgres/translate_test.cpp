#include "platform/db/postgres/translate.hpp"

#include "testing/test.hpp"

namespace confidente::db::postgres {
namespace {

std::string sql_of(std::string_view sql) { return translate(sql).sql; }

TEST("names become numbers, and one name has one number") {
    const auto out = translate("UPDATE t SET a = :a, b = :b_2 WHERE a <> :a AND c=:c");
    CHECK(out.sql == "UPDATE t SET a = $1, b = $2 WHERE a <> $1 AND c=$3");
    CHECK(out.names == std::vector<std::string>{"a", "b_2", "c"});
}

TEST("casts, slices and what only looks like a parameter are left alone") {
    CHECK(sql_of("SELECT :a::text, x::int[], y[1:2], :b") == "SELECT $1::text, x::int[], y[1:2], $2");
    CHECK(sql_of("SELECT ': no', 'it''s :no', \"col:no\", :a") == "SELECT ': no', 'it''s :no', \"col:no\", $1");
    CHECK(sql_of("SELECT E'\\':no', type':no' , :a") == "SELECT E'\\':no', type':no' , $1");
    CHECK(sql_of("SELECT 1 -- :no\n, :a") == "SELECT 1 -- :no\n, $1");
    CHECK(sql_of("/* :no /* :no */ :no */ :a") == "/* :no /* :no */ :no */ $1");
    CHECK(sql_of("$$ :no $$ $x$ :no $$ $x$ :a") == "$$ :no $$ $x$ :no $$ $x$ $1");
}

TEST("text that ends in the middle of something is copied to its end") {
    for (const auto* text : {"'open", "\"open", "/* open", "$$ open", "$", ":", "E'\\", "--", ""}) {
        CHECK(sql_of(text) == text);
    }
}

}  // namespace
}  // namespace confidente::db::postgres
