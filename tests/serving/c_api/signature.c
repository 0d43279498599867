/* Walks the three messages of MetaGraphDef that lead to tensors' names:
 *
 *   MetaGraphDef.signature_def = 5: map<string, SignatureDef>
 *   SignatureDef.inputs = 1, .outputs = 2: map<string, TensorInfo>
 *   TensorInfo.name = 1: string
 *
 * A map's entry is a message of its key = 1 and its value = 2.
 */
#include "signature.h"

#include <stdint.h>
#include <string.h>

typedef struct {
  const unsigned char* at;
  const unsigned char* end;
} Span;

typedef struct {
  uint64_t number;
  Span content; /* Empty for what is not of bytes. */
} Field;

static bool read_varint(Span* from, uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64 && from->at < from->end; shift += 7) {
    const unsigned char byte = *from->at++;
    *value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

/* Takes the next field off a message; false at its end, or where it is broken. */
static bool next_field(Span* message, Field* field) {
  uint64_t tag = 0, length = 0;
  if (!read_varint(message, &tag)) return false;
  switch (tag & 7) {
    case 0: /* A varint, of which nothing is wanted. */
      if (!read_varint(message, &length)) return false;
      length = 0;
      break;
    case 1:
      length = 8;
      break;
    case 2:
      if (!read_varint(message, &length)) return false;
      break;
    case 5:
      length = 4;
      break;
    default:
      return false;
  }
  if (length > (uint64_t)(message->end - message->at)) return false;
  field->number = tag >> 3;
  field->content = (Span){message->at, message->at + length};
  message->at += length;
  return true;
}

/* The last field of that number, as protocol buffers have it; empty if none. */
static Span field_of(Span message, uint64_t number) {
  Span found = {message.end, message.end};
  Field field;
  while (next_field(&message, &field)) {
    if (field.number == number) found = field.content;
  }
  return found;
}

static bool copy_text(Span from, char* to, size_t capacity) {
  const size_t length = (size_t)(from.end - from.at);
  if (length >= capacity) return false;
  memcpy(to, from.at, length);
  to[length] = '\0';
  return true;
}

static bool add_endpoint(Span entry, Endpoint* endpoints, int* number) {
  if (*number == MAX_ENDPOINTS) return false;
  Endpoint* endpoint = &endpoints[(*number)++];
  const Span name = field_of(field_of(entry, 2), 1);
  return copy_text(field_of(entry, 1), endpoint->key, sizeof endpoint->key) &&
         copy_text(name, endpoint->tensor, sizeof endpoint->tensor);
}

static bool read_signature(Span message, Signature* found) {
  Field field;
  *found = (Signature){.num_inputs = 0};
  while (next_field(&message, &field)) {
    if (field.number == 1 &&
        !add_endpoint(field.content, found->inputs, &found->num_inputs))
      return false;
    if (field.number == 2 &&
        !add_endpoint(field.content, found->outputs, &found->num_outputs))
      return false;
  }
  return true;
}

bool find_signature(const void* meta_graph, size_t length, const char* name,
                    Signature* found) {
  const unsigned char* begin = meta_graph;
  Span message = {begin, begin + length};
  Field field;
  while (next_field(&message, &field)) {
    if (field.number != 5) continue;
    char key[128];
    if (copy_text(field_of(field.content, 1), key, sizeof key) &&
        strcmp(key, name) == 0)
      return read_signature(field_of(field.content, 2), found);
  }
  return false;
}
