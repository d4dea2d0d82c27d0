#include "partition_types.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "fstool/error.h"
#include "fstool/options.h"

namespace fstool::gpt {
namespace {

// Sources: UEFI 2.10, table 5.7 (esp); the UAPI group's Discoverable Partitions Specification (linux, linux-swap,
// xbootldr, home, user-home, srv, var, tmp, root-*, usr-*); the manuals of GRUB (bios-boot), LVM and md (linux-lvm,
// linux-raid), U-Boot (u-boot-env) and barebox (barebox-*); Microsoft's PARTITION_INFORMATION_GPT (microsoft-*); the
// Power Architecture platform reference (prep); for the others, the lists of `sfdisk --list-types` and `sgdisk -L`.
// The first name of a GUID is the one that short_type_name() gives.
constexpr std::array<PartitionType, 276> kTypes{{
    // Linux, and what boots it.
    {"linux", "0fc63daf-8483-4772-8e79-3d69d8477de4"},
    {"linux-generic", "0fc63daf-8483-4772-8e79-3d69d8477de4"},
    {"linux-swap", "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f"},
    {"swap", "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f"},
    {"esp", "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"},
    {"efi", "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"},
    {"uefi", "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"},
    {"bios-boot", "21686148-6449-6e6f-744e-656564454649"},
    {"xbootldr", "bc13c2ff-59e6-4262-a352-b275fd6f7172"},
    {"home", "933ac7e1-2eb4-4f13-b844-0e14e2aef915"},
    {"user-home", "773f91ef-66d4-49b5-bd83-d683bf40ad16"},
    {"srv", "3b8f8425-20e0-4f3b-907f-1a25a76f98e8"},
    {"var", "4d21b016-b534-45c2-a9fb-5c16e091fd2d"},
    {"tmp", "7ec6f557-3bc5-4aca-b293-16ef5df639d1"},
    {"linux-lvm", "e6d6d379-f507-44c2-a23c-238f2a3df928"},
    {"lvm", "e6d6d379-f507-44c2-a23c-238f2a3df928"},
    {"linux-raid", "a19d880f-05fc-4d3b-a006-743f0f84911e"},
    {"raid", "a19d880f-05fc-4d3b-a006-743f0f84911e"},
    {"linux-luks", "ca7d7ccb-63ed-4c53-861c-1742536059cc"},
    {"luks", "ca7d7ccb-63ed-4c53-861c-1742536059cc"},
    {"linux-dm-crypt", "7ffec5c9-2d00-49b7-8941-3ea10a5586b7"},
    {"dm-crypt", "7ffec5c9-2d00-49b7-8941-3ea10a5586b7"},
    {"linux-reserved", "8da63339-0007-60c0-c436-083ac8230908"},
    {"prep", "9e1a2d38-c612-4316-aa26-8b49521e5a8b"},
    {"mbr-scheme", "024dee41-33e7-11d3-9d69-0008c781f39f"},
    // Boards and appliances.
    {"u-boot-env", "3de21764-95bd-54bd-a5c3-4abe786f38a8"},
    {"barebox-state", "4778ed65-bf42-45fa-9c5b-287a1dc4aab1"},
    {"barebox-env", "6c3737f2-07f8-45d1-ad45-15d260aab24d"},
    {"hifive-fsbl", "5b193300-fc78-40cd-8002-e86c45580b47"},
    {"hifive-bbl", "2e54b353-1271-4842-806f-e436d6af6985"},
    {"armada-3700-boot", "6828311a-ba55-42a4-bcde-a89bb5edecae"},
    {"onie-boot", "7412f7d5-a156-4b13-81dc-867174929325"},
    {"onie-config", "d4e6e2cd-4469-46f3-b5cb-1bff57afc149"},
    {"sony-boot", "f4019732-066e-4e12-8273-346c5641494f"},
    {"lenovo-boot", "bfbfafe7-a34f-448a-9a5b-6213eb736c22"},
    {"intel-fast-flash", "d3bfe2de-3daf-11df-ba40-e3a556d89593"},
    // Microsoft.
    {"microsoft-basic-data", "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"},
    {"basic-data", "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"},
    {"ms-data", "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"},
    {"fat", "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"},
    {"fat32", "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"},
    {"exfat", "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"},
    {"ntfs", "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"},
    {"microsoft-reserved", "e3c9e316-0b5c-4db8-817d-f92df00215ae"},
    {"ms-reserved", "e3c9e316-0b5c-4db8-817d-f92df00215ae"},
    {"microsoft-recovery", "de94bba4-06d1-4d40-a16a-bfd50179d6ac"},
    {"ms-recovery", "de94bba4-06d1-4d40-a16a-bfd50179d6ac"},
    {"microsoft-ldm-metadata", "5808c8aa-7e8f-42e0-85d2-e1e90434cfb3"},
    {"microsoft-ldm-data", "af9b60a0-1431-4f62-bc68-3311714a69ad"},
    {"microsoft-storage-spaces", "e75caf8f-f680-4cee-afa3-b001e56efc2d"},
    // Apple.
    {"apple-hfs", "48465300-0000-11aa-aa11-00306543ecac"},
    {"apple-apfs", "7c3457ef-0000-11aa-aa11-00306543ecac"},
    {"apple-ufs", "55465300-0000-11aa-aa11-00306543ecac"},
    {"apple-boot", "426f6f74-0000-11aa-aa11-00306543ecac"},
    {"apple-raid", "52414944-0000-11aa-aa11-00306543ecac"},
    {"apple-raid-offline", "52414944-5f4f-11aa-aa11-00306543ecac"},
    {"apple-label", "4c616265-6c00-11aa-aa11-00306543ecac"},
    {"apple-tv-recovery", "5265636f-7665-11aa-aa11-00306543ecac"},
    {"apple-core-storage", "53746f72-6167-11aa-aa11-00306543ecac"},
    {"apple-silicon-boot", "69646961-6700-11aa-aa11-00306543ecac"},
    {"apple-silicon-recovery", "52637672-7900-11aa-aa11-00306543ecac"},
    // ChromeOS, Container Linux.
    {"chromeos-kernel", "fe3a2a5d-4f32-41a7-b725-accc3285a309"},
    {"chromeos-root", "3cb8e202-3b7e-47dd-8a3c-7ff2a13cfcec"},
    {"chromeos-reserved", "2e0a753d-9e48-43b0-8337-b15192cb1b5e"},
    {"chromeos-firmware", "cab6e88e-abf3-4102-a07a-d4bb9be3c1d3"},
    {"chromeos-minios", "09845860-705f-4bb5-b16c-8a8a099caf52"},
    {"chromeos-hibernate", "3f0f8318-f146-4e6b-8222-c28c8f02e0d5"},
    {"coreos-usr", "5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6"},
    {"coreos-root", "3884dd41-8582-4404-b9a8-e9b84f2df50e"},
    {"coreos-oem", "c95dc21a-df0e-4340-8d7b-26cbfa9a03e0"},
    {"coreos-root-raid", "be9067b9-ea49-4f15-b4f6-f36f8c9e1818"},
    // Android.
    {"android-bootloader", "2568845d-2332-4675-bc39-8fa5a4748d15"},
    {"android-bootloader-2", "114eaffe-1552-4022-b26e-9b053604cf84"},
    {"android-boot", "49a4d17f-93a3-45c1-a0de-f50b2ebe2599"},
    {"android-recovery", "4177c722-9e92-4aab-8644-43502bfd5506"},
    {"android-misc", "ef32a33b-a409-486c-9141-9ffb711f6266"},
    {"android-metadata", "20ac26be-20b7-11e3-84c5-6cfdb94711e9"},
    {"android-system", "38f428e6-d326-425d-9140-6e0ea133647c"},
    {"android-cache", "a893ef21-e428-470a-9e55-0668fd91a2d9"},
    {"android-data", "dc76dda9-5ac1-491c-af42-a82591580c0d"},
    {"android-persistent", "ebc597d0-2053-4b15-8b64-e0aac75f4db1"},
    {"android-factory", "8f68cc74-c5e5-48da-be91-a0c8c15e9c80"},
    {"android-fastboot", "767941d0-2085-11e3-ad3b-6cfdb94711e9"},
    {"android-oem", "ac6d7924-eb71-4df8-b48d-e267b27148ff"},
    {"android-vendor", "c5a0aeec-13ea-11e5-a1b1-001e67ca0c3c"},
    {"android-config", "bd59408b-4514-490d-bf12-9878d963f378"},
    // BSD.
    {"freebsd", "516e7cb4-6ecf-11d6-8ff8-00022d09712b"},
    {"freebsd-boot", "83bd6b9d-7f41-11dc-be0b-001560b84f0f"},
    {"freebsd-swap", "516e7cb5-6ecf-11d6-8ff8-00022d09712b"},
    {"freebsd-ufs", "516e7cb6-6ecf-11d6-8ff8-00022d09712b"},
    {"freebsd-zfs", "516e7cba-6ecf-11d6-8ff8-00022d09712b"},
    {"freebsd-vinum", "516e7cb8-6ecf-11d6-8ff8-00022d09712b"},
    {"freebsd-nandfs", "74ba7dd9-a689-11e1-bd04-00e081286acf"},
    {"openbsd", "824cc7a0-36a8-11e3-890a-952519ad3f61"},
    {"netbsd-ffs", "49f48d5a-b10e-11dc-b99b-0019d1879648"},
    {"netbsd-lfs", "49f48d82-b10e-11dc-b99b-0019d1879648"},
    {"netbsd-swap", "49f48d32-b10e-11dc-b99b-0019d1879648"},
    {"netbsd-raid", "49f48daa-b10e-11dc-b99b-0019d1879648"},
    {"netbsd-concatenated", "2db519c4-b10f-11dc-b99b-0019d1879648"},
    {"netbsd-encrypted", "2db519ec-b10f-11dc-b99b-0019d1879648"},
    {"midnightbsd", "85d5e45a-237c-11e1-b4b3-e89a8f7fc3a7"},
    {"midnightbsd-boot", "85d5e45e-237c-11e1-b4b3-e89a8f7fc3a7"},
    {"midnightbsd-swap", "85d5e45b-237c-11e1-b4b3-e89a8f7fc3a7"},
    {"midnightbsd-ufs", "0394ef8b-237e-11e1-b4b3-e89a8f7fc3a7"},
    {"midnightbsd-zfs", "85d5e45d-237c-11e1-b4b3-e89a8f7fc3a7"},
    {"midnightbsd-vinum", "85d5e45c-237c-11e1-b4b3-e89a8f7fc3a7"},
    // Solaris and others.
    {"solaris-boot", "6a82cb45-1dd2-11b2-99a6-080020736631"},
    {"solaris-root", "6a85cf4d-1dd2-11b2-99a6-080020736631"},
    {"solaris-usr", "6a898cc3-1dd2-11b2-99a6-080020736631"},
    {"apple-zfs", "6a898cc3-1dd2-11b2-99a6-080020736631"},
    {"solaris-swap", "6a87c46f-1dd2-11b2-99a6-080020736631"},
    {"solaris-backup", "6a8b642b-1dd2-11b2-99a6-080020736631"},
    {"solaris-var", "6a8ef2e9-1dd2-11b2-99a6-080020736631"},
    {"solaris-home", "6a90ba39-1dd2-11b2-99a6-080020736631"},
    {"solaris-alternate", "6a9283a5-1dd2-11b2-99a6-080020736631"},
    {"solaris-reserved", "6a945a3b-1dd2-11b2-99a6-080020736631"},
    {"hp-ux-data", "75894c1e-3aeb-11d3-b7c1-7b03a0000000"},
    {"hp-ux-service", "e2a1e728-32e3-11d6-a682-7b03a0000000"},
    {"haiku-bfs", "42465331-3ba3-10f1-802a-4861696b7521"},
    {"plan9", "c91818f9-8025-47af-89d2-f030d7000c2c"},
    {"qnx6", "cef5a9ad-73bc-4601-89f3-cdeeeee321a1"},
    {"ibm-gpfs", "37affc90-ef7d-4e96-91c3-2d7ae055b174"},
    {"veracrypt", "8c8f8eff-ac95-4770-814a-21994f2dbc8f"},
    {"spdk", "7c5222bd-8f5d-4087-9c00-bf9843c7b58c"},
    {"ceph-osd", "4fbd7e29-9d25-41b8-afd0-062c0ceff05d"},
    {"ceph-crypt-osd", "4fbd7e29-9d25-41b8-afd0-5ec00ceff05d"},
    {"ceph-journal", "45b0969e-9b03-4f30-b4c6-b4b80ceff106"},
    {"ceph-crypt-journal", "45b0969e-9b03-4f30-b4c6-5ec00ceff106"},
    {"vmware-vmfs", "aa31e02a-400f-11db-9590-000c2911d1b8"},
    {"vmware-diagnostic", "9d275380-40ad-11db-bf97-000c2911d1b8"},
    {"vmware-reserved", "9198effc-31c0-11db-8f78-000c2911d1b8"},
    {"vmware-vsan", "381cfccc-7288-11e0-92ee-000c2911d0b2"},
    // The root file system, by architecture.
    {"root-alpha", "6523f8ae-3eb1-4e2a-a05a-18b695ae656f"},
    {"root-arc", "d27f46ed-2919-4cb8-bd25-9531f3c16534"},
    {"root-arm", "69dad710-2ce4-4e3c-b16c-21a1d49abed3"},
    {"root-arm64", "b921b045-1df0-41c3-af44-4c6f280d3fae"},
    {"root-ia64", "993d8d3d-f80e-4225-855a-9daf8ed7ea97"},
    {"root-loongarch64", "77055800-792c-4f94-b39a-98c91b762bb6"},
    {"root-m68k", "0cf191c8-3b54-433a-b715-68c6fa4086de"},
    {"root-mips", "e9434544-6e2c-47cc-bae2-12d6deafb44c"},
    {"root-mips64", "d113af76-80ef-41b4-bdb6-0cff4d3d4a25"},
    {"root-mips-le", "37c58c8a-d913-4156-a25f-48b1b64e07f0"},
    {"root-mips64-le", "700bda43-7a34-4507-b179-eeb93d7a7ca3"},
    {"root-parisc", "1aacdb3b-5444-4138-bd9e-e5c2239b2346"},
    {"root-ppc", "1de3f1ef-fa98-47b5-8dcd-4a860a654d78"},
    {"root-ppc64", "912ade1d-a839-4913-8964-a10eee08fbd2"},
    {"root-ppc64-le", "c31c45e6-3f39-412e-80fb-4809c4980599"},
    {"root-riscv32", "60d5a7fe-8e7d-435c-b714-3dd8162144e1"},
    {"root-riscv64", "72ec70a6-cf74-40e6-bd49-4bda08e8f224"},
    {"root-s390", "08a7acea-624c-4a20-91e8-6e0fa67d23f9"},
    {"root-s390x", "5eead9a9-fe09-4a1e-a1d7-520d00531306"},
    {"root-sh4", "7b8f86b1-397a-4e1c-9eb0-850983baedc4"},
    {"root-sparc64", "f7b4d167-1e51-42a9-8151-ec96c2e99478"},
    {"root-tilegx", "c50cdd70-3862-4cc3-90e1-809a8c93ee2c"},
    {"root-x86", "44479540-f297-41b2-9af7-d131d5f0458a"},
    {"root-x86-64", "4f68bce3-e8cd-4db1-96e7-fbcaf984b709"},
    // Hash trees of it.
    {"root-alpha-verity", "fc56d9e9-e6e5-4c06-be32-e74407ce09a5"},
    {"root-arc-verity", "24b2d975-0f97-4521-afa1-cd531e421b8d"},
    {"root-arm-verity", "7386cdf2-203c-47a9-a498-f2ecce45a2d6"},
    {"root-arm64-verity", "df3300ce-d69f-4c92-978c-9bfb0f38d820"},
    {"root-ia64-verity", "86ed10d5-b607-45bb-8957-d350f23d0571"},
    {"root-loongarch64-verity", "f3393b22-e9af-4613-a948-9d3bfbd0c535"},
    {"root-m68k-verity", "843e63a4-c1ff-476e-a8a4-1b72e399475f"},
    {"root-mips-verity", "7a430799-f711-4c7e-8e5b-1d685bd48607"},
    {"root-mips64-verity", "579536f8-6a33-4055-a95a-df2d5e2c42a8"},
    {"root-mips-le-verity", "d7d150d2-2a04-4a33-8f12-16651205ff7b"},
    {"root-mips64-le-verity", "16b417f8-3e06-4f57-8dd2-9b5232f41aa6"},
    {"root-parisc-verity", "d212a430-fbc5-49f9-a983-a7feef2b8d0e"},
    {"root-ppc-verity", "98cfe649-1588-46dc-b2f0-add147424925"},
    {"root-ppc64-verity", "9225a9a3-3c19-4d89-b4f6-eeff88f17631"},
    {"root-ppc64-le-verity", "906bd944-4589-4aae-a4e4-dd983917446a"},
    {"root-riscv32-verity", "ae0253be-1167-4007-ac68-43926c14c5de"},
    {"root-riscv64-verity", "b6ed5582-440b-4209-b8da-5ff7c419ea3d"},
    {"root-s390-verity", "7ac63b47-b25c-463b-8df8-b4a94e6c90e1"},
    {"root-s390x-verity", "b325bfbe-c7be-4ab8-8357-139e652d2f6b"},
    {"root-sh4-verity", "4a6c2f25-be67-45c5-95ac-255424f94f89"},
    {"root-sparc64-verity", "4a42d3da-9a55-4973-beff-173496dee76f"},
    {"root-tilegx-verity", "966061ec-28e4-4b2e-b4a5-1f0a825a1d84"},
    {"root-x86-verity", "d13c5d3b-b5d1-422a-b29f-9454fdc89d76"},
    {"root-x86-64-verity", "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5"},
    // Signatures of their root hashes.
    {"root-alpha-verity-sig", "d46495b7-a053-414f-80f7-700c99921ef8"},
    {"root-arc-verity-sig", "143a70ba-cbd3-4f06-919f-6c05683a78bc"},
    {"root-arm-verity-sig", "42b0455f-eb11-491d-98d3-56145ba9d037"},
    {"root-arm64-verity-sig", "6db69de6-29f4-4758-a7a5-962190f00ce3"},
    {"root-ia64-verity-sig", "e98b36ee-32ba-4882-9b12-0ce14655f46a"},
    {"root-loongarch64-verity-sig", "5afb67eb-ecc8-4f85-ae8e-ac1e7c50e7d0"},
    {"root-m68k-verity-sig", "d6e4b0ae-10f8-46d9-9f36-d8fd1a14b51f"},
    {"root-mips-verity-sig", "bba210a2-9c5d-45ee-9e87-ff2ccbd002d0"},
    {"root-mips64-verity-sig", "43ce94d4-0f3d-4999-8250-b9deafd98e6e"},
    {"root-mips-le-verity-sig", "c919cc1f-4456-4eff-918c-f75e94525ca5"},
    {"root-mips64-le-verity-sig", "904e58ef-5c65-4a31-9c57-6af5fc7c5de7"},
    {"root-parisc-verity-sig", "15de6170-65d3-431c-916e-b0dcd8393f25"},
    {"root-ppc-verity-sig", "1b31b5aa-add9-463a-b2ed-bd467fc857e7"},
    {"root-ppc64-verity-sig", "f5e2c20c-45b2-4ffa-bce9-2a60737e1aaf"},
    {"root-ppc64-le-verity-sig", "d4a236e7-e873-4c07-bf1d-bf6cf7f1c3c6"},
    {"root-riscv32-verity-sig", "3a112a75-8729-4380-b4cf-764d79934448"},
    {"root-riscv64-verity-sig", "efe0f087-ea8d-4469-821a-4c2a96a8386a"},
    {"root-s390-verity-sig", "3482388e-4254-435a-a241-766a065f9960"},
    {"root-s390x-verity-sig", "c80187a5-73a3-491a-901a-017c3fa953e9"},
    {"root-sh4-verity-sig", "c6284716-c0b3-4c93-b349-a386d6bdee62"},
    {"root-sparc64-verity-sig", "795cf80b-dcbf-4952-9c7b-4fd4729dfd97"},
    {"root-tilegx-verity-sig", "b3671439-97b0-4a53-90f7-2d5a8f3ad47b"},
    {"root-x86-verity-sig", "5996fc05-109c-48de-808b-23fa0830b676"},
    {"root-x86-64-verity-sig", "41092b05-9fc8-4523-994f-2def0408b176"},
    // /usr.
    {"usr-alpha", "e18cf08c-33ec-4c0d-8246-c6c6fb3da024"},
    {"usr-arc", "7978a683-6316-4922-bbee-38bff5a2fecc"},
    {"usr-arm", "7d0359a3-02b3-4f0a-865c-654403e70625"},
    {"usr-arm64", "b0e01050-ee5f-4390-949a-9101b17104e9"},
    {"usr-ia64", "4301d2a6-4e3b-4b2a-bb94-9e0b2c4225ea"},
    {"usr-loongarch64", "e611c702-575c-4cbe-9a46-434fa0bf7e3f"},
    {"usr-m68k", "a639b810-a02d-44bc-b579-d23e7bffdede"},
    {"usr-mips", "773b2abc-2a99-4398-8bf5-03baac40d02b"},
    {"usr-mips64", "57e13958-7331-4365-8e6e-35eeee17c61b"},
    {"usr-mips-le", "0f4868e9-9952-4706-979f-3ed3a473e947"},
    {"usr-mips64-le", "c97c1f32-ba06-40b4-9f22-236061b08aa8"},
    {"usr-parisc", "dc4a4480-6917-4262-a4ec-db9384949f25"},
    {"usr-ppc", "7d14fec5-cc71-415d-9d6c-06bf0b3c3eaf"},
    {"usr-ppc64", "2c9739e2-f068-46b3-9fd0-01c5a9afbcca"},
    {"usr-ppc64-le", "15bb03af-77e7-4d4a-b12b-c0d084f7491c"},
    {"usr-riscv32", "b933fb22-5c3f-4f91-af90-e2bb0fa50702"},
    {"usr-riscv64", "beaec34b-8442-439b-a40b-984381ed097d"},
    {"usr-s390", "cd0f869b-d0fb-4ca0-b141-9ea87cc78d66"},
    {"usr-s390x", "8a4f5770-50aa-4ed3-874a-99b710db6fea"},
    {"usr-sh4", "0b6d8f08-1548-4183-a6fa-22fe95bc5422"},
    {"usr-sparc64", "db8ce399-787c-460a-80e3-69104c1ce375"},
    {"usr-tilegx", "55497029-c7c1-44cc-aa39-815ed1558630"},
    {"usr-x86", "75250d76-8cc6-458e-bd66-bd47cc81a812"},
    {"usr-x86-64", "8484680c-9521-48c6-9c11-b0720656f69e"},
    // Hash trees of it.
    {"usr-alpha-verity", "8cce0d25-c0d0-4a44-bd87-46331bf1df67"},
    {"usr-arc-verity", "fca0598c-d880-4591-8c16-4eda05c7347c"},
    {"usr-arm-verity", "c215d751-7bcd-4649-be90-6627490a4c05"},
    {"usr-arm64-verity", "6e11a4e7-fbca-4ded-b9e9-e1a512bb664e"},
    {"usr-ia64-verity", "6a491e03-3be7-4545-8e38-83320e0ea880"},
    {"usr-loongarch64-verity", "f46b2c26-59ae-48f0-9106-c50ed47f673d"},
    {"usr-m68k-verity", "267da076-7f71-445b-961f-f97b817dfd11"},
    {"usr-mips-verity", "6e5a1bc8-d223-49b7-bca8-37a5fcceb996"},
    {"usr-mips64-verity", "81cf9d90-7458-4df4-8dcf-c8a3a404f09b"},
    {"usr-mips-le-verity", "46b98d8d-b55c-4e8f-aab3-37fca7f80752"},
    {"usr-mips64-le-verity", "3c3d61fe-b5f3-414d-bb71-8739a694a4ef"},
    {"usr-parisc-verity", "5843d618-ec37-48d7-9f12-cea8e08768b2"},
    {"usr-ppc-verity", "df765d00-270e-49e5-bc75-f47bb2118b09"},
    {"usr-ppc64-verity", "bdb528a5-a259-475f-a87d-da53fa736a07"},
    {"usr-ppc64-le-verity", "ee2b9983-21e8-4153-86d9-b6901a54d1ce"},
    {"usr-riscv32-verity", "cb1ee4e3-8cd0-4136-a0a4-aa61a32e8730"},
    {"usr-riscv64-verity", "8f1056be-9b05-47c4-81d6-be53128e5b54"},
    {"usr-s390-verity", "b663c618-e7bc-4d6d-90aa-11b756bb1797"},
    {"usr-s390x-verity", "31741cc4-1a2a-4111-a581-e00b447d2d06"},
    {"usr-sh4-verity", "7dd626a2-f8a9-4e38-b8aa-8cedfef0f0ee"},
    {"usr-sparc64-verity", "c94cddd2-694d-4ce1-bf7b-8b6f29bafeb1"},
    {"usr-tilegx-verity", "2fb4bf56-07fa-42da-8132-6b139f2026ae"},
    {"usr-x86-verity", "8f461b0d-14ee-4e81-9aa9-049b6fb97abd"},
    {"usr-x86-64-verity", "77ff5f63-e7b6-4633-acf4-1565b864c0e6"},
    // Signatures of their root hashes.
    {"usr-alpha-verity-sig", "5c6e1c76-076a-457a-a0fe-f3b4cd21ce6e"},
    {"usr-arc-verity-sig", "94f9a9a1-9971-427a-a400-50cb297f0f35"},
    {"usr-arm-verity-sig", "d7ff812f-37d1-4902-a810-d76ba57b975a"},
    {"usr-arm64-verity-sig", "c23ce4ff-44bd-4b00-b2d4-b41b3419e02a"},
    {"usr-ia64-verity-sig", "8de58bc2-2a43-460d-b14e-a76e4a17b47f"},
    {"usr-loongarch64-verity-sig", "b024f315-d330-444c-8461-44bbde524e99"},
    {"usr-m68k-verity-sig", "3b935677-dd33-4d7d-8b30-e602e316499e"},
    {"usr-mips-verity-sig", "97ae158d-f216-497b-8057-f7f905770f54"},
    {"usr-mips64-verity-sig", "05816ce2-dd40-4ac6-a61d-37d32dc1ba7d"},
    {"usr-mips-le-verity-sig", "3e23ca0b-a4bc-4b4e-8087-5ab6a26aa8a9"},
    {"usr-mips64-le-verity-sig", "f2c2c7ee-adcc-4351-b5c6-ee9816b66e16"},
    {"usr-parisc-verity-sig", "450dd7d1-3224-45ec-9cf2-a43a346d71ee"},
    {"usr-ppc-verity-sig", "7007891d-d371-4a80-86a4-5cb875b9302e"},
    {"usr-ppc64-verity-sig", "0b888863-d7f8-4d9e-9766-239fce4d58af"},
    {"usr-ppc64-le-verity-sig", "c8bfbd1e-268e-4521-8bba-bf314c399557"},
    {"usr-riscv32-verity-sig", "c3836a13-3137-45ba-b583-b16c50fe5eb4"},
    {"usr-riscv64-verity-sig", "d2f9000a-7a18-453f-b5cd-4d32f77a7b32"},
    {"usr-s390-verity-sig", "17440e4f-a8d0-467f-a46e-3912ae6ef2c5"},
    {"usr-s390x-verity-sig", "3f324816-667b-46ae-86ee-9b0c0c6c11b4"},
    {"usr-sh4-verity-sig", "71bbee31-fc3c-4ba4-8050-0b75ed32b466"},
    {"usr-sparc64-verity-sig", "0bebc110-9e89-4e17-9e52-6f3973889b2b"},
    {"usr-tilegx-verity-sig", "4ede75e2-6ccc-4cc8-b9c7-70334b087510"},
    {"usr-x86-verity-sig", "974a71c0-de41-43c3-be5d-5c5ccd1ad2c0"},
    {"usr-x86-64-verity-sig", "e7bb33fb-06cf-4e81-8273-e543b413e2e2"},
}};

/// The MBR bytes that have one obvious counterpart.
constexpr std::array<std::pair<std::uint8_t, std::string_view>, 8> kMbrTypes{{{0x07, "microsoft-basic-data"},
                                                                              {0x0b, "fat"},
                                                                              {0x0c, "fat"},
                                                                              {0x82, "linux-swap"},
                                                                              {0x83, "linux"},
                                                                              {0x8e, "linux-lvm"},
                                                                              {0xef, "esp"},
                                                                              {0xfd, "linux-raid"}}};

Uuid uuid_of_name(std::string_view name) {
  for (const PartitionType& type : kTypes) {
    if (type.name == name) return *Uuid::parse(type.guid);
  }
  std::vector<std::string> names;
  names.reserve(kTypes.size());
  for (const PartitionType& type : kTypes) names.emplace_back(type.name);
  throw Error(ErrorCode::InvalidArgument,
              fmt::format("unknown gpt partition type \"{}\"{}: use a short name such as \"linux\", \"esp\" or "
                          "\"root-x86-64\", or a type GUID",
                          name, did_you_mean(name, names)));
}

/// The value of "0x83"; nothing if `text` is not of that form.
std::optional<unsigned> parse_hex_byte(std::string_view text) {
  if (text.size() < 3 || text.size() > 4 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X')) return std::nullopt;
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::span<const PartitionType> partition_types() { return kTypes; }

Uuid parse_partition_type(std::string_view words) {
  if (const std::optional<Uuid> guid = Uuid::parse(words)) {
    if (!guid->is_nil()) return *guid;
    throw Error(ErrorCode::InvalidArgument, "partition type GUID of zeros: it marks an unused entry");
  }
  if (const std::optional<unsigned> byte = parse_hex_byte(words)) {
    for (const auto& [mbr_type, name] : kMbrTypes) {
      if (mbr_type == *byte) return uuid_of_name(name);
    }
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("partition type {}: this MBR type has no counterpart in gpt; use a type GUID", words));
  }
  return uuid_of_name(words);
}

std::string_view short_type_name(const Uuid& guid) {
  const std::string text = guid.to_string();
  for (const PartitionType& type : kTypes) {
    if (type.guid == text) return type.name;
  }
  return {};
}

}  // namespace fstool::gpt
