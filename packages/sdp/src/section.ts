/** Reading attributes of a section by name, as they are written. */
import type { Section } from './model.ts';

/** The value of the first attribute of that name; undefined when there is none, '' when it has no value. */
export function attributeValue(section: Section, name: string): string | undefined {
  const found = section.attributes.find((attribute) => attribute.name === name);
  return found === undefined ? undefined : (found.value ?? '');
}

/** The values of all attributes of that name, in order; '' for one without a value. */
export function attributeValues(section: Section, name: string): string[] {
  const values: string[] = [];
  for (const attribute of section.attributes) if (attribute.name === name) values.push(attribute.value ?? '');
  return values;
}

/** Whether the section has an attribute of that name, with or without a value. */
export function hasAttribute(section: Section, name: string): boolean {
  return section.attributes.some((attribute) => attribute.name === name);
}
