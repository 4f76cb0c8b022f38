/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_pages.h"

#include <glib.h>
#include <string.h>

static const char front_page[] =
    "<!doctype html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "  <meta charset=\"utf-8\">\n"
    "  <title>quiclens: the embedded origin</title>\n"
    "  <link rel=\"icon\" href=\"/quiclens.svg\" type=\"image/svg+xml\">\n"
    "</head>\n"
    "<body>\n"
    "  <h1><img src=\"/quiclens.svg\" alt=\"\" width=\"48\" height=\"48\"> It works, over "
    "HTTP/3</h1>\n"
    "  <p>This page came over QUIC: packets that nobody on the way can read, but that you can, "
    "with\n"
    "     the secrets of your own session.</p>\n"
    "  <ul>\n"
    "    <li><a href=\"/quiclens.svg\">/quiclens.svg</a>: an image</li>\n"
    "    <li><a href=\"/data.json\">/data.json</a>: JSON</li>\n"
    "    <li><a href=\"/1m.bin\">/1m.bin</a>: one megabyte of a known pattern</li>\n"
    "    <li>POST anything to /echo: the answer says how long it was, and its SHA-256</li>\n"
    "    <li><a href=\"/missing\">/missing</a>: is not there (404)</li>\n"
    "    <li>What an answer is to be like, in any combination: /status/503, /bytes/200k, "
    "/headers,\n"
    "      /mirror, /redirect/3, /early-hints, /delay/300ms, /slow/10k, /reset/5000, /trailers,\n"
    "      /gzip, /br, /zstd; such as <a href=\"/delay/300ms/headers/trailers\">"
    "/delay/300ms/headers/trailers</a></li>\n"
    "  </ul>\n"
    "</body>\n"
    "</html>\n";

static const char image[] =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\" width=\"64\" height=\"64\">\n"
    "  <title>quiclens</title>\n"
    "  <circle cx=\"27\" cy=\"27\" r=\"20\" fill=\"#e8f1ff\" stroke=\"#1f4e9e\" "
    "stroke-width=\"5\"/>\n"
    "  <path d=\"M42 42 L58 58\" stroke=\"#1f4e9e\" stroke-width=\"8\" stroke-linecap=\"round\"/>\n"
    "  <path d=\"M16 21 H30 M24 27 H38 M18 33 H32\" stroke=\"#d9541e\" stroke-width=\"4\""
    " stroke-linecap=\"round\"/>\n"
    "</svg>\n";

static const char data[] = "{\n"
                           "  \"name\": \"quiclens\",\n"
                           "  \"protocol\": \"h3\",\n"
                           "  \"streams\": [0, 4, 8, 12, 16, 20],\n"
                           "  \"question\": \"Which connection ID carried this?\"\n"
                           "}\n";

static const ql_origin_page pages[] = {
    { "/", "text/html; charset=utf-8", front_page },
    { "/index.html", "text/html; charset=utf-8", front_page },
    { "/quiclens.svg", "image/svg+xml", image },
    { "/data.json", "application/json", data },
};

const ql_origin_page *ql_origin_page_find(const char *path)
{
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++)
        if (strcmp(pages[i].path, path) == 0)
            return &pages[i];
    return NULL;
}
