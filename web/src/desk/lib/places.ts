export type Place = {
  value: string
  label: string
  children?: Place[]
}

/** Provinces, their cities and the districts of these, named by `name`; loaded when first asked for. */
export async function places(name: (zh: string, province?: string, city?: string) => string): Promise<Place[]> {
  const { areaList } = await import('@vant/area-data')
  const below = (list: Record<string, string>, start: string, province = '', city = ''): Place[] =>
    Object.entries(list).flatMap(([value, label]) => (value.startsWith(start) ? [{ value, label: name(label, province, city) }] : []))
  return below(areaList.province_list, '').map((province) => {
    const inside = areaList.province_list[province.value]
    return {
      ...province,
      children: below(areaList.city_list, province.value.slice(0, 2), inside).map((city) => {
        const children = below(areaList.county_list, city.value.slice(0, 4), inside, areaList.city_list[city.value])
        return children.length ? { ...city, children } : city
      }),
    }
  })
}
