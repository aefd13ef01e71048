// The parsers, split at every byte.

#include "parser.hpp"

#include <gtest/gtest.h>

namespace windlass::http::detail {
namespace {

/// Feeds `text` in two parts, as a connection does: what is not used comes again.
template <class AnyParser>
std::string feed(AnyParser& parser, std::string_view text, std::size_t split) {
  std::string waiting;
  for (const auto part : {text.substr(0, split), text.substr(split)}) {
    waiting += part;
    if (parser.done() || parser.failure()) continue;
    waiting.erase(0, parser.put(waiting));
  }
  return waiting;
}

/// One byte at a time.
template <class AnyParser>
std::string drip(AnyParser& parser, std::string_view text) {
  std::string waiting;
  for (const char c : text) {
    waiting += c;
    if (parser.done() || parser.failure()) continue;
    waiting.erase(0, parser.put(waiting));
  }
  return waiting;
}

struct ResponseCase {
  const char* name;
  std::string_view text;
  int status;
  std::string body;
  bool keep_alive = true;
  bool to_head = false;
  bool until_end = false;  ///< done only when the stream ends
  std::string rest = {};   ///< bytes of the next message
};

void PrintTo(const ResponseCase& test, std::ostream* out) { *out << test.name; }

class GoodResponse : public testing::TestWithParam<ResponseCase> {
 protected:
  void check(ResponseParser& parser, const std::string& rest) {
    const auto& want = GetParam();
    ASSERT_FALSE(parser.failure()) << parser.failure()->error.message;
    EXPECT_NE(parser.done(), want.until_end);
    if (want.until_end) parser.put_end();
    ASSERT_TRUE(parser.done());
    EXPECT_EQ(parser.response.status, want.status);
    EXPECT_EQ(parser.response.body, want.body);
    EXPECT_EQ(parser.response.headers.get("x-mark"), "yes");
    EXPECT_EQ(parser.keep_alive(), want.keep_alive);
    EXPECT_EQ(rest, want.rest);
  }
};

TEST_P(GoodResponse, SplitAtEveryByte) {
  const auto& want = GetParam();
  for (std::size_t split = 0; split <= want.text.size(); ++split) {
    SCOPED_TRACE(split);
    const auto parser = ResponseParser::make({}, want.to_head);
    check(*parser, feed(*parser, want.text, split));
  }
}

TEST_P(GoodResponse, ByteByByte) {
  const auto parser = ResponseParser::make({}, GetParam().to_head);
  check(*parser, drip(*parser, GetParam().text));
}

INSTANTIATE_TEST_SUITE_P(
    Table, GoodResponse,
    testing::Values(
        ResponseCase{"length", "HTTP/1.1 200 OK\r\nX-Mark: yes\r\nContent-Length: 5\r\n\r\nhello",
                     200, "hello"},
        ResponseCase{"empty", "HTTP/1.1 200 OK\r\nX-Mark: yes\r\nContent-Length: 0\r\n\r\n", 200,
                     ""},
        ResponseCase{"no reason", "HTTP/1.1 404 \r\nX-Mark: yes\r\nContent-Length: 2\r\n\r\nno",
                     404, "no"},
        ResponseCase{"chunked",
                     "HTTP/1.1 200 OK\r\nX-Mark: yes\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "5\r\nhello\r\n1;ext=1\r\n \r\n00A\r\n0123456789\r\n0\r\n\r\n",
                     200, "hello 0123456789"},
        ResponseCase{
            "chunked and empty",
            "HTTP/1.1 200 OK\r\nX-Mark: yes\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200,
            ""},
        ResponseCase{"only trailers",
                     "HTTP/1.1 200 OK\r\nX-Mark: yes\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "0\r\nA: b\r\n\r\n",
                     200, ""},
        ResponseCase{"trailers",
                     "HTTP/1.1 200 OK\r\nX-Mark: yes\r\nTransfer-Encoding: Chunked\r\n\r\n"
                     "3\r\nabc\r\n0\r\nX-Mark: no\r\nX-Other: 1\r\n\r\n",
                     200, "abc"},
        ResponseCase{"until the end", "HTTP/1.1 200 OK\r\nX-Mark: yes\r\n\r\nall of it", 200,
                     "all of it", false, false, true},
        ResponseCase{"HTTP/1.0", "HTTP/1.0 200 OK\r\nX-Mark: yes\r\nContent-Length: 1\r\n\r\nx",
                     200, "x", false},
        ResponseCase{
            "close",
            "HTTP/1.1 200 OK\r\nX-Mark: yes\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
            200, "x", false},
        ResponseCase{"to HEAD", "HTTP/1.1 200 OK\r\nX-Mark: yes\r\nContent-Length: 5\r\n\r\n", 200,
                     "", true, true},
        ResponseCase{"204", "HTTP/1.1 204 No Content\r\nX-Mark: yes\r\n\r\n", 204, ""},
        ResponseCase{"304", "HTTP/1.1 304 Not Modified\r\nX-Mark: yes\r\nContent-Length: 9\r\n\r\n",
                     304, ""},
        ResponseCase{"100", "HTTP/1.1 100 Continue\r\nX-Mark: yes\r\n\r\nHTTP/1.1 200", 100, "",
                     true, false, false, "HTTP/1.1 200"},
        ResponseCase{"more behind it",
                     "HTTP/1.1 200 OK\r\nX-Mark: yes\r\nContent-Length: 1\r\n\r\nxHTTP/1.1", 200,
                     "x", true, false, false, "HTTP/1.1"}));

struct RequestCase {
  const char* name;
  std::string_view text;
  std::string method;
  std::string target;
  std::string body = {};
  bool keep_alive = true;
  std::string rest = {};
};

void PrintTo(const RequestCase& test, std::ostream* out) { *out << test.name; }

class GoodRequest : public testing::TestWithParam<RequestCase> {
 protected:
  void check(RequestParser& parser, const std::string& rest) {
    const auto& want = GetParam();
    ASSERT_FALSE(parser.failure()) << parser.failure()->error.message;
    ASSERT_TRUE(parser.done());
    EXPECT_EQ(parser.request.method, want.method);
    EXPECT_EQ(parser.request.target, want.target);
    EXPECT_EQ(parser.request.body, want.body);
    EXPECT_EQ(parser.keep_alive(), want.keep_alive);
    EXPECT_EQ(rest, want.rest);
  }
};

TEST_P(GoodRequest, SplitAtEveryByte) {
  const auto& want = GetParam();
  for (std::size_t split = 0; split <= want.text.size(); ++split) {
    SCOPED_TRACE(split);
    const auto parser = RequestParser::make({});
    check(*parser, feed(*parser, want.text, split));
  }
}

TEST_P(GoodRequest, ByteByByte) {
  const auto parser = RequestParser::make({});
  check(*parser, drip(*parser, GetParam().text));
}

INSTANTIATE_TEST_SUITE_P(
    Table, GoodRequest,
    testing::Values(
        RequestCase{"get", "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/a?b=c"},
        RequestCase{"own method", "RESTART / HTTP/1.1\r\nHost: x\r\n\r\n", "RESTART", "/"},
        RequestCase{"length", "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "PUT",
                    "/", "abc"},
        RequestCase{"same length twice",
                    "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc", "PUT", "/",
                    "abc"},
        RequestCase{"chunked",
                    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
                    "POST", "/", "abcde"},
        RequestCase{"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "GET", "/", "", false},
        RequestCase{"HTTP/1.0 kept", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET",
                    "/"},
        RequestCase{"close", "GET / HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n", "GET",
                    "/", "", false},
        RequestCase{"pipelined", "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2", "GET", "/1", "", true,
                    "GET /2"}));

struct BadCase {
  const char* name;
  std::string text;
  int status = 400;
};

void PrintTo(const BadCase& test, std::ostream* out) { *out << test.name; }

class BadRequest : public testing::TestWithParam<BadCase> {};

TEST_P(BadRequest, IsRefusedHoweverItIsSplit) {
  const auto& want = GetParam();
  constexpr ParserLimits limits{.header_bytes = 512, .body_bytes = 16};
  for (std::size_t split = 0; split <= want.text.size(); ++split) {
    SCOPED_TRACE(split);
    const auto parser = RequestParser::make(limits);
    feed(*parser, want.text, split);
    parser->put_end();
    ASSERT_TRUE(parser->failure());
    EXPECT_FALSE(parser->done());
    EXPECT_EQ(parser->failure()->status, want.status) << parser->failure()->error.message;
  }
}

std::string many_fields() {
  std::string text = "GET / HTTP/1.1\r\n";
  while (text.size() < 2000) text += "A: b\r\n";
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadRequest,
    testing::Values(
        BadCase{"garbage", "\x16\x03\x01\x02\x01\x01garbage\r\n\r\n"},
        BadCase{"no version", "GET /\r\n\r\n"},
        BadCase{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        BadCase{"field without name", "GET / HTTP/1.1\r\n: x\r\n\r\n"},
        BadCase{"space before colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n"},
        BadCase{"bare line feed", "GET / HTTP/1.1\nHost: x\r\n\r\n", 505},
        BadCase{"zero byte", std::string("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 28)},
        BadCase{"two lengths",
                "PUT / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"},
        BadCase{"negative length", "PUT / HTTP/1.1\r\nContent-Length: -3\r\n\r\nabcd"},
        BadCase{
            "length and chunked",
            "PUT / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        BadCase{
            "chunked and length",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"},
        BadCase{"other encoding", "PUT / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nabc"},
        BadCase{"encoding behind chunked",
                "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"},
        BadCase{"chunked in HTTP/1.0",
                "PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        BadCase{"bad chunk size",
                "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n"},
        BadCase{"chunk size overflow",
                "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n"},
        BadCase{"chunk without end",
                "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n"},
        BadCase{"large length", "PUT / HTTP/1.1\r\nContent-Length: 17\r\n\r\n", 413},
        BadCase{"huge length", "PUT / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n",
                413},
        BadCase{"large chunk", "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n11\r\nx", 413},
        BadCase{"large sum of chunks",
                "PUT / HTTP/1.1\r\nTransfer-Encoding: "
                "chunked\r\n\r\n8\r\n12345678\r\n9\r\n123456789\r\n",
                413},
        BadCase{"large target", "GET /" + std::string(600, 'x') + " HTTP/1.1\r\n\r\n", 431},
        BadCase{"large field", "GET / HTTP/1.1\r\nA: " + std::string(600, 'x') + "\r\n\r\n", 431},
        BadCase{"many fields", many_fields(), 431},
        BadCase{"endless chunk extension",
                "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(600, 'x'),
                431},
        BadCase{
            "endless trailers",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + many_fields().substr(16),
            431},
        BadCase{"ends in the request line", "GET / HT"},
        BadCase{"ends in the header", "GET / HTTP/1.1\r\nA"},
        BadCase{"ends in the body", "PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc"},
        BadCase{"nothing", ""}));

class BadResponse : public testing::TestWithParam<BadCase> {};

TEST_P(BadResponse, IsRefusedHoweverItIsSplit) {
  const auto& text = GetParam().text;
  for (std::size_t split = 0; split <= text.size(); ++split) {
    SCOPED_TRACE(split);
    const auto parser = ResponseParser::make({.header_bytes = 512}, false);
    feed(*parser, text, split);
    parser->put_end();
    ASSERT_TRUE(parser->failure());
    EXPECT_FALSE(parser->done());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadResponse,
    testing::Values(BadCase{"not HTTP", "SSH-2.0-OpenSSH_9\r\n"},
                    BadCase{"bad status", "HTTP/1.1 2x0 OK\r\n\r\n"},
                    BadCase{"short length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"},
                    BadCase{"no last chunk",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"},
                    BadCase{"unfinished trailers",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n"},
                    BadCase{"other encoding",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc"},
                    BadCase{"large header", "HTTP/1.1 200 OK\r\nA: " + std::string(600, 'x')}));

TEST(Parser, HostileBytesNeverHarm) {
  const std::vector<std::string> seed_texts = {
      "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: "
      "1\r\n\r\n"};
  std::uint64_t state = 42;
  const auto next = [&] {
    return state = state * 6364136223846793005u + 1442695040888963407u, state >> 33;
  };
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    auto text = seed_texts[static_cast<std::size_t>(round) % 2];
    for (int change = 0; change < 3; ++change) {
      const auto at = next() % text.size();
      switch (next() % 3) {
        case 0:
          text[at] = static_cast<char>(next());
          break;
        case 1:
          text.erase(at, 1 + next() % 4);
          break;
        default:
          text.insert(at, 1, "\r\n:;0\xff \t"[next() % 8]);
          break;
      }
    }
    const auto parser = RequestParser::make({.header_bytes = 256, .body_bytes = 64});
    const auto answers = ResponseParser::make({.header_bytes = 256}, false);
    const auto split = next() % (text.size() + 1);
    feed(*parser, text, split);
    const auto answer = "HTTP/1.1 200 OK" + text.substr(std::min<std::size_t>(16, text.size()));
    feed(*answers, answer, std::min(split, answer.size()));
    parser->put_end();
    answers->put_end();
    if (parser->failure()) ++refused;
    ASSERT_NE(parser->done(), parser->failure().has_value());
    ASSERT_NE(answers->done(), answers->failure().has_value());
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace windlass::http::detail
