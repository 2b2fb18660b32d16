#include "json.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static json *value(char **at);

static void space(char **at) {
  while (isspace((unsigned char)**at)) ++*at;
}

static int take(char **at, char c) {
  space(at);
  if (**at != c) return 0;
  ++*at;
  return 1;
}

/* Ends the string in place; the only escape in the vectors is \" */
static const char *string(char **at) {
  char *from, *to;
  if (!take(at, '"')) return NULL;
  for (from = to = *at; **at != '"'; ++*at) {
    if (**at == '\0') return NULL;
    if (**at == '\\') ++*at;
    *to++ = **at;
  }
  ++*at;
  *to = '\0';
  return from;
}

static json *list(char **at, json *parent, char end) {
  json **tail = &parent->first;
  if (take(at, end)) return parent;
  do {
    const char *key = NULL;
    if (parent->type == JSON_OBJECT && (!(key = string(at)) || !take(at, ':'))) return NULL;
    if (!(*tail = value(at))) return NULL;
    (*tail)->key = key;
    tail = &(*tail)->next;
  } while (take(at, ','));
  return take(at, end) ? parent : NULL;
}

static json *value(char **at) {
  json *node = calloc(1, sizeof *node);
  char *end;
  space(at);
  switch (**at) {
    case '{':
      ++*at;
      node->type = JSON_OBJECT;
      return list(at, node, '}');
    case '[':
      ++*at;
      node->type = JSON_ARRAY;
      return list(at, node, ']');
    case '"':
      node->type = JSON_STRING;
      return (node->text = string(at)) ? node : NULL;
    default:
      node->type = JSON_NUMBER;
      node->number = strtod(*at, &end);
      if (end == *at) return NULL;
      *at = end;
      return node;
  }
}

json *json_parse(char *text) { return value(&text); }

const json *json_get(const json *object, const char *key) {
  if (object == NULL) return NULL;
  for (const json *node = object->first; node; node = node->next)
    if (node->key && strcmp(node->key, key) == 0) return node;
  return NULL;
}

const json *json_at(const json *array, size_t index) {
  const json *node = array->first;
  while (node && index-- > 0) node = node->next;
  return node;
}

size_t json_length(const json *array) {
  size_t length = 0;
  for (const json *node = array->first; node; node = node->next) length++;
  return length;
}

double json_number(const json *object, const char *key) {
  const json *node = json_get(object, key);
  return node ? node->number : 0;
}

const char *json_text(const json *object, const char *key) {
  const json *node = json_get(object, key);
  return node && node->text ? node->text : "";
}
