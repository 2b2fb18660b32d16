/* Reads JSON text into a tree of nodes: enough for vectors.json. */
#ifndef JSON_H
#define JSON_H
#include <stddef.h>

typedef struct json json;
struct json {
  enum { JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT } type;
  double number;
  const char *text; /* of a string */
  const char *key;  /* inside an object */
  json *first, *next;
};

/* The text is changed: strings end in it. NULL when it is not JSON. */
json *json_parse(char *text);
/* Member of an object, element of an array; NULL when there is none. */
const json *json_get(const json *object, const char *key);
const json *json_at(const json *array, size_t index);
size_t json_length(const json *array);
double json_number(const json *object, const char *key);
const char *json_text(const json *object, const char *key);
#endif
