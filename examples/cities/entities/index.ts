export { City, cityStatuses, type CityStatus } from './city.ts'
export { Country } from './country.ts'
export { Tag } from './tag.ts'
