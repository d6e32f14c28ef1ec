// The one person of a conformance run: every standard claim has a value. OpenID Connect Core §5.1.

import type { NewUserRequest } from '../../src/administration/users.ts'
import type { Facts } from '../facts.ts'

export function personRequest({ user }: Facts): NewUserRequest {
  return {
    userId: 'ada-of-the-conformance-suite',
    username: user.username,
    password: user.password,
    name: 'Ada King Lovelace',
    givenName: 'Ada',
    familyName: 'Lovelace',
    middleName: 'King',
    nickname: 'Ada',
    profile: 'https://people.example.com/ada',
    picture: 'https://people.example.com/ada.png',
    website: 'https://ada.example.com/',
    gender: 'female',
    birthdate: '1990-12-10',
    zoneinfo: 'Europe/London',
    locale: 'en-GB',
    email: 'ada@example.com',
    emailVerified: true,
    phone: '+8613800138000',
    phoneVerified: true,
    address: {
      formatted: '12 St James Square\nLondon SW1Y 4JH\nUnited Kingdom',
      street_address: '12 St James Square',
      locality: 'London',
      region: 'Greater London',
      postal_code: 'SW1Y 4JH',
      country: 'United Kingdom',
    },
  }
}
